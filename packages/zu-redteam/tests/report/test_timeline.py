from zu_core.events import Executed, TargetRequested, TargetSaid, ToolReturned
from zu_redteam.report.timeline import FACTS_SHOWN, Marks, timeline
from zu_redteam.verdict.testing import RunScript

LS = Executed(path="/bin/ls", argv=("ls",), pid=1)
NONE = Marks(breach=frozenset(), need=frozenset())


def test_steps_stand_in_the_order_of_the_record() -> None:
    kinds = [(item.kind, item.stage) for item in timeline(RunScript.honest().run(), NONE)]
    assert kinds == [
        ("program", "start"),
        ("start-up", "start"),
        ("list", "list"),
        ("call", "harmless"),
        ("call", "attack"),
        ("list", "relist"),
        ("program", "restart"),
        ("program", "restart"),
        ("start-up", "restart"),
        ("list", "restart"),
        ("program", "settle"),
    ]


def test_a_call_shows_what_went_in_what_came_out_and_what_was_seen() -> None:
    script = RunScript.honest(
        harmless=lambda one: one.call(arguments={"b": 1, "a": "x"}, effects=[LS])
    )
    call = [item for item in timeline(script.run(), NONE) if item.kind == "call"][1]
    assert call.input == '{"a":"x","b":1}'
    assert call.output == '"12:00"'
    assert [fact.text for fact in call.facts] == ["executed /bin/ls: ls"]


def test_words_of_the_target_are_steps() -> None:
    script = RunScript()
    script.add(TargetSaid(channel="stderr", text="hello"), source="target")
    script.add(TargetRequested(method="roots/list", params="{}"), source="target")
    titles = [item.title for item in timeline(script.run(), NONE)]
    assert titles == ["the target on stderr", "the target asks its client: roots/list"]


def test_marked_facts_mark_their_step_and_are_never_cut() -> None:
    script = RunScript()
    script.call(effects=[LS] * (FACTS_SHOWN + 50))
    last = f"event-{FACTS_SHOWN + 50}"
    (item,) = timeline(script.run(), Marks(breach=frozenset({last}), need=frozenset()))
    assert item.evidence == "breach"
    assert item.hidden == 50
    assert item.facts[-1].event == last
    assert item.facts[-1].evidence == "breach"


def test_a_cut_answer_says_so() -> None:
    script = RunScript()
    script.call(returned=ToolReturned(tool="now", outcome="result", size=9999, truncated=True))
    (item,) = timeline(script.run(), NONE)
    assert "the answer has 9999 bytes" in item.output


def test_facts_of_different_stages_are_different_steps() -> None:
    script = RunScript()
    script.stage("relist", lambda one: one.fact(LS))
    script.stage("settle", lambda one: one.fact(LS))
    assert [item.stage for item in timeline(script.run(), NONE)] == ["relist", "settle"]
