import stat

import pytest

from zu_backends.signing import Ed25519Signer
from zu_core.note.keys import KeyType, NoteKey, SecretKey


@pytest.mark.parametrize(
    ("words", "kind"), [((), KeyType.ED25519), (("--witness",), KeyType.COSIGNATURE)]
)
def test_a_key_is_two_files_of_which_one_is_private(zu, tmp_path, words, kind):
    done = zu("log", "keygen", "example.com/log", *words, "-o", tmp_path / "key")
    key = NoteKey.parse(done.out.strip())
    assert (key.name, key.type) == ("example.com/log", kind)
    assert (tmp_path / "key.pub").read_text() == done.out
    assert Ed25519Signer(SecretKey.parse((tmp_path / "key").read_text().strip())).key == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_that_is_there_stays(zu, tmp_path):
    zu("log", "keygen", "a", "-o", tmp_path / "key")
    before = (tmp_path / "key").read_text()
    assert zu("log", "keygen", "a", "-o", tmp_path / "key").code == 2
    assert (tmp_path / "key").read_text() == before


def test_what_is_no_name_is_refused(zu, tmp_path):
    done = zu("log", "keygen", "a b", "-o", tmp_path / "key")
    assert done.code == 2
    assert not (tmp_path / "key").exists()
