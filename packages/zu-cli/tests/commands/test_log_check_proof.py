import re

import pytest

from zu_core.note.proof import parse_proof


@pytest.fixture
def proof(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    assert zu("log", "prove", log.path, "e3", "-o", tmp_path / "p").code == 0
    log.path.unlink()
    return tmp_path / "p"


def test_a_proof_holds_without_the_log(zu, log, proof):
    done = zu("log", "check-proof", proof, "--key", log.public)
    assert (done.code, done.err) == (0, "")
    assert "at 4 of 6 in example.com/log; signed by example.com/log" in done.out
    assert '"number": 3' in done.out
    found = zu("log", "check-proof", proof, "--key", log.public, "--json").json
    assert found["holds"] is True
    assert found["event"]["payload"]["number"] == 3
    assert found["event"]["hash"] == found["hash"]


def test_another_key_holds_nothing(zu, log, proof, tmp_path):
    zu("log", "keygen", "example.com/log", "-o", tmp_path / "other")
    assert zu("log", "check-proof", proof, "--key", tmp_path / "other.pub").code == 4
    assert zu("log", "check-proof", proof).code == 2


def test_any_other_content_is_exit_code_4(zu, log, proof):
    data = proof.read_bytes()
    extra = re.search(rb"extra (\S+)", data)[1]
    changed = extra[:200] + (b"B" if extra[200:201] != b"B" else b"C") + extra[201:]
    for old, new in ((extra, changed), (b"index 3", b"index 2"), (b"\n6\n", b"\n7\n")):
        proof.write_bytes(data.replace(old, new))
        done = zu("log", "check-proof", proof, "--key", log.public)
        assert done.code == 4
        assert done.out == ""


def test_a_bare_proof_asks_for_the_hash(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    done = zu("log", "prove", log.path, "e3", "--bare", "-o", tmp_path / "p")
    value = done.out.split()[-1]
    assert parse_proof((tmp_path / "p").read_bytes()).extra is None
    words = ("log", "check-proof", tmp_path / "p", "--key", log.public)
    assert zu(*words).code == 2
    assert zu(*words, "--hash", value).code == 0
    assert zu(*words, "--hash", "0" * 64).code == 4
    for wrong in ("0", "x" * 64, value[:-2]):
        assert zu(*words, "--hash", wrong).code == 2
