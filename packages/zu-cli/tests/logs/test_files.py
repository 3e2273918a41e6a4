import pytest

from zu_backends.signing import Ed25519Signer
from zu_cli.logs.files import checkpoint_beside, create, public_keys, read, replace, signer
from zu_core.errors import ConfigError, Unavailable


def test_keys_are_read_one_a_line(tmp_path):
    keys = [Ed25519Signer.generate(name).key for name in ("a", "b")]
    (tmp_path / "keys").write_text(f"# ours\n{keys[0]}\n\n  {keys[1]}  \n")
    assert public_keys([tmp_path / "keys"]) == tuple(keys)


@pytest.mark.parametrize("content", [b"nonsense", b"\xff", b"a+00000000+AAAA"])
def test_what_is_no_key_is_refused_with_its_place(tmp_path, content):
    (tmp_path / "keys").write_bytes(content)
    with pytest.raises(ConfigError, match="keys"):
        public_keys([tmp_path / "keys"])
    with pytest.raises(ConfigError, match="keys"):
        signer(tmp_path / "keys")


def test_a_file_is_replaced_as_a_whole(tmp_path):
    replace(tmp_path / "file", b"one")
    replace(tmp_path / "file", b"two")
    assert read(tmp_path / "file") == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with pytest.raises(Unavailable):
        replace(tmp_path / "none" / "file", b"")
    with pytest.raises(Unavailable):
        create(tmp_path / "none" / "file", b"", mode=0o600)
    with pytest.raises(ConfigError, match="is there already"):
        create(tmp_path / "file", b"", mode=0o600)
    with pytest.raises(ConfigError, match="can't be read"):
        read(tmp_path / "none")


def test_the_checkpoint_stands_beside_its_log(tmp_path):
    assert checkpoint_beside(tmp_path / "log.db").name == "log.db.checkpoint"
