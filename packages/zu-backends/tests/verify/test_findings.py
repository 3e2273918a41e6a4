from zu_backends.verify.findings import Kind, LogBroken
from zu_core.errors import ExitCode, IntegrityError


def test_a_break_says_where_and_ends_with_4():
    broken = LogBroken(Kind.GAP, "entry 3 follows entry 1", position=2, trace="t")
    assert isinstance(broken, IntegrityError)
    assert broken.exit_code is ExitCode.INTEGRITY
    assert broken.message.startswith("the log is broken at position 2, gap: entry 3")
    assert "trace 't'" in broken.message
    assert "position" not in LogBroken(Kind.STORE, "a page").message
