from zu_core.note.proof import parse_proof
from zu_core.testing import make_event


def test_an_event_that_the_checkpoint_does_not_cover_has_no_proof(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    log.append(make_event(event_id="late"))
    done = zu("log", "prove", log.path, "late", "-o", tmp_path / "p")
    assert done.code == 2
    assert "the checkpoint ends at 6" in done.err
    assert zu("log", "prove", log.path, "e5", "-o", tmp_path / "p").code == 0
    assert len(parse_proof((tmp_path / "p").read_bytes()).hashes) == 2


def test_an_unknown_event_has_no_proof(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    assert zu("log", "prove", log.path, "none", "-o", tmp_path / "p").code == 2
    assert not (tmp_path / "p").exists()


def test_without_a_checkpoint_there_is_no_proof(zu, log, tmp_path):
    assert zu("log", "prove", log.path, "e1", "-o", tmp_path / "p").code == 2


def test_a_log_that_is_not_the_checkpoints_has_no_proof(zu, log, tmp_path):
    zu("log", "checkpoint", log.path, "--sign-key", log.key)
    log.cut(3)
    assert zu("log", "prove", log.path, "e1", "-o", tmp_path / "p").code == 4
    log.append(*(make_event(n, trace_id="c") for n in range(6)))
    assert zu("log", "prove", log.path, "e1", "-o", tmp_path / "p").code == 4
    assert not (tmp_path / "p").exists()
