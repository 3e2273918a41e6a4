import msgspec
import pytest

from zu_core.contracts import Envelope
from zu_core.errors import ConfigError


def test_the_default_declares_nothing():
    assert all(getattr(Envelope(), name) == () for name in Envelope.__struct_fields__)


def test_what_is_exact_is_accepted():
    Envelope(
        egress=("example.com", "*.example.com", "example.com:443"),
        exec=("git", "python3.11"),
        write=("~/.cache/tool", "/var/lib/tool"),
        read=("~/.aws/credentials",),
    )


@pytest.mark.parametrize("name", ["", "/bin/sh", "a/b", "*", "py*", "a\0"])
def test_a_program_is_a_base_name(name):
    with pytest.raises(ConfigError, match="base name"):
        Envelope(exec=(name,))


@pytest.mark.parametrize("key", ["write", "read"])
@pytest.mark.parametrize(
    "path", ["", "/", "//", "~", "~/", "~//", "relative", "~/../x", "/a/../..", "/a\0", "~root/x"]
)
def test_a_path_names_one_place(key, path):
    with pytest.raises(ConfigError, match=f"{key} entry"):
        Envelope(**{key: (path,)})


@pytest.mark.parametrize("entry", ["", "*", "*.com"])
def test_egress_follows_the_grammar_of_hosts(entry):
    with pytest.raises(ConfigError):
        Envelope(egress=(entry,))


def test_an_unknown_key_is_refused():
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"network": ["example.com"]}, Envelope)
