import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError
from zu_core.note.keys import KeyType, NoteKey, SecretKey

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The key of the documentation of golang.org/x/mod/sumdb/note."""
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"


def test_the_form_is_that_of_the_go_package():
    key = NoteKey.parse(PETER)
    assert (key.name, key.type, key.id.hex()) == ("PeterNeumann", KeyType.ED25519, "c74f20a3")
    assert str(key) == PETER
    secret = SecretKey.parse(SECRET)
    assert secret.text() == SECRET
    assert (secret.name, secret.stated_id) == (key.name, key.id)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(KeyType), st.text(min_size=1))
def test_keys_read_back(data, kind, name):
    try:
        key = NoteKey(name, kind, data)
    except ConfigError:
        return
    assert NoteKey.parse(str(key)) == key
    secret = SecretKey(name, kind, key.id, data)
    assert SecretKey.parse(secret.text()) == secret


def test_the_kind_is_part_of_the_id():
    assert len({NoteKey("a", kind, bytes(32)).id for kind in KeyType}) == 2


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00", "\ud800", "\u3000"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ConfigError):
        NoteKey(name, KeyType.ED25519, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("c74f20a3", "c74f20a3 "),
        PETER.replace("PeterNeumann", "PeterNeumanm"),
        PETER.replace("ARpc", "Ahpc"),  # another kind
        PETER + "A",
        PETER + "\n",
        PETER[:-4],
        SECRET,
    ],
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ConfigError):
        NoteKey.parse(text)


@pytest.mark.parametrize("text", ["", PETER, SECRET[:-4], SECRET + "=", "PRIVATE+KEY+"])
def test_what_is_no_secret_key_is_refused(text):
    with pytest.raises(ConfigError) as caught:
        SecretKey.parse(text)
    assert "AYEK" not in str(caught.value)


def test_a_secret_does_not_show_itself():
    assert "AYEK" not in repr(SecretKey.parse(SECRET))
    assert "x81" not in repr(SecretKey.parse(SECRET))
