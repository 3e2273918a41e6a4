from zu_core.events import TargetRequested, TargetSaid
from zu_redteam.mcp.journal import Journal


async def test_words_carry_the_call_under_way(recorder, sink):
    journal = Journal(recorder)
    journal.parent_id = "call"
    await journal.said("stderr", b"\xff oh \x1b[31m")
    assert sink.events[0].parent_id == "call"
    assert sink.events[0].source == "target"
    assert sink.of(TargetSaid)[0].text == "\\xff oh \x1b[31m"


async def test_each_channel_is_bounded_with_a_note(recorder, sink):
    journal = Journal(recorder, text_limit=100)
    for _ in range(50):
        await journal.said("stdout", b"x" * 60)
    await journal.said("stderr", b"still heard")
    said = sink.of(TargetSaid)
    assert [one.channel for one in said] == ["stdout", "stdout", "stderr"]
    assert said[1].truncated
    assert said[1].text.endswith("[more of this channel is not recorded]")
    assert not said[0].truncated


async def test_many_small_words_are_bounded_too(recorder, sink):
    journal = Journal(recorder, event_limit=3)
    for _ in range(10):
        await journal.requested("ping", "", "{}")
    assert len(sink.of(TargetRequested)) == 3


async def test_the_tail_is_kept_beyond_the_bound(recorder):
    journal = Journal(recorder, text_limit=10)
    for number in range(1000):
        await journal.said("stderr", b"line %d\n" % number)
    assert journal.stderr_tail.endswith("line 999")
    assert len(journal.stderr_tail) <= 2048


async def test_a_request_that_is_cut_says_so(recorder, sink):
    journal = Journal(recorder)
    await journal.requested("sampling/createMessage", "x" * 70_000, "refused")
    await journal.requested("m" * 300, "", "refused")
    await journal.requested("roots/list", "{}", "[]")
    assert [one.truncated for one in sink.of(TargetRequested)] == [True, True, False]
