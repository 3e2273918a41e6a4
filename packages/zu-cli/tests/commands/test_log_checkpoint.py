from zu_core.note.checkpoint import Checkpoint
from zu_core.note.signed import parse_note
from zu_core.testing import make_event


def test_a_checkpoint_grows_with_its_log(zu, log):
    sizes = []
    for number in range(3):
        assert zu("log", "checkpoint", log.path, "--sign-key", log.key).code == 0
        sizes.append(Checkpoint.parse(parse_note(log.checkpoint.read_bytes()).text).size)
        log.append(make_event(100 + number))
    assert sizes == [6, 7, 8]


def test_a_checkpoint_of_the_same_state_keeps_its_file(zu, log):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    before = log.checkpoint.stat().st_ino
    done = zu("log", "checkpoint", log.path, "--sign-key", log.key)
    assert "as it is" in done.out
    assert log.checkpoint.stat().st_ino == before


def test_a_log_that_does_not_go_on_from_its_checkpoint_is_not_signed(zu, log):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    before = log.checkpoint.read_bytes()
    log.cut(3)
    log.append(*(make_event(n, trace_id="c") for n in range(6)))
    done = zu("log", "checkpoint", log.path, "--sign-key", log.key)
    assert done.code == 4
    assert "rewritten" in done.err
    assert log.checkpoint.read_bytes() == before


def test_a_file_that_is_no_checkpoint_is_not_replaced(zu, log, tmp_path):
    (tmp_path / "notes").write_text("mine")
    words = ("--sign-key", log.key, "-o", tmp_path / "notes")
    assert zu("log", "checkpoint", log.path, *words).code == 4
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_public_key_signs_nothing(zu, log):
    done = zu("log", "checkpoint", log.path, "--sign-key", log.public)
    assert done.code == 2
    assert not log.checkpoint.exists()
