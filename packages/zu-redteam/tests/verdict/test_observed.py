from zu_core.chain import GENESIS, Link
from zu_core.contracts import Envelope
from zu_core.events import EgressObserved, Executed, ToolReturned
from zu_core.ports.storage import StoredEvent
from zu_redteam.verdict.observed import ObservedRun
from zu_redteam.verdict.testing import ARGV, RunScript

LS = Executed(path="/bin/ls", argv=("ls",), pid=1)
QUERY = EgressObserved(channel="dns", decision="denied", rule="not-declared", host="a.test")


def test_facts_are_filed_under_the_call_that_caused_them() -> None:
    script = RunScript.honest(harmless=lambda one: one.call(effects=[LS, QUERY]))
    call = script.run().calls[1]
    assert [fact.effect for fact in call.facts] == [LS, QUERY]
    assert {fact.intent for fact in call.facts} == {"harmless"}
    assert call.returned is not None


def test_facts_without_a_call_belong_to_the_start_up_or_the_stage() -> None:
    script = RunScript.honest(
        start=lambda one: one.fact(LS),
        relist=lambda one: one.fact(LS),
        restart=lambda one: one.fact(LS, parent=one.events[0].event_id),
    )
    facts = [fact for fact in script.run().facts if fact.effect == LS]
    assert [(fact.intent, fact.stage) for fact in facts] == [
        ("start-up", "start"),
        ("stage", "relist"),
        ("start-up", "restart"),
    ]


def test_the_first_answer_counts_for_a_call() -> None:
    script = RunScript()
    call = script.call()
    script.add(ToolReturned(tool="now", outcome="timeout"), parent=call)
    (only,) = script.run().calls
    assert only.returned is not None
    assert only.returned.payload.outcome == "result"


def test_a_malformed_payload_is_kept_apart() -> None:
    script = RunScript()
    script.add_raw("harness.tool.invoked", {"tool": 7}, source="harness")
    script.add_raw("data.of.a.consumer", {"anything": 1}, source="somebody")
    run = script.run()
    assert [item.event.event_id for item in run.malformed] == ["event-0"]
    assert run.entries == ()
    assert len(run.events) == 2


def test_without_a_declaration_nothing_is_declared() -> None:
    assert RunScript().run().envelope == Envelope()


def test_a_stage_that_failed_once_has_not_run() -> None:
    script = RunScript.honest(without=("relist",))
    assert "relist" not in script.run().stages
    ended = script.run().stages["attack"]
    assert ended is not None
    assert ended.outcome == "ran"


def test_stored_events_keep_their_places() -> None:
    event = RunScript.honest().events[0]
    stored = StoredEvent(position=9, link=Link("trace", 1, GENESIS, bytes(32)), event=event)
    run = ObservedRun.of([stored])
    assert run.stored == (stored,)
    assert run.events == (event,)


def test_the_honest_run_starts_its_target_twice() -> None:
    run = RunScript.honest().run()
    started = [fact.effect for fact in run.facts if isinstance(fact.effect, Executed)]
    assert [one.argv for one in started if one.found] == [ARGV, ARGV]
