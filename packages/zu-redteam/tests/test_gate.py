import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from zu_core.contracts import BoxSpec, Limits
from zu_core.errors import ConfigError, Unavailable
from zu_core.events import (
    CanaryPlanted,
    EnvelopeDeclared,
    HostEffectObserved,
    ResourceObserved,
    StageEnded,
    StageStarted,
    TargetRequested,
    TargetSaid,
    TaskCompleted,
    TaskFailed,
    TaskStarted,
    ToolInvoked,
    ToolReturned,
    ToolsListed,
    payload_of,
)
from zu_redteam.gate import STAGES, GateOptions, gate_target
from zu_redteam.mcp.patience import Patience

QUICK = GateOptions(
    patience=Patience(discover=1.0, start=3.0, call=1.0),
    attacks_per_tool=40,
    exit=0.5,
    last_quiet=0.01,
    quiet=0.001,
)


@pytest.fixture
def gate(containment, spec, bus, recorder, server):
    async def run(behaviour, options=QUICK, progress=None, spec=spec):
        await gate_target(
            server(behaviour), containment, spec, bus, recorder, options=options, progress=progress
        )

    return run


def outcomes(sink):
    return {one.stage: one.outcome for one in sink.of(StageEnded)}


def reasons(sink):
    return {one.stage: one.reason for one in sink.of(StageEnded)}


def all_gone(containment):
    return all(
        program.process.returncode is not None
        for box in containment.boxes
        for program in box.programs
    )


@pytest.mark.parametrize("behaviour", ["old", "noisy", "sdk.py", "modern.py"])
async def test_every_stage_runs_in_order_on_a_server_of_any_protocol(
    gate, sink, behaviour, containment
):
    await gate(behaviour)
    assert [one.stage for one in sink.of(StageStarted)] == list(STAGES)
    assert outcomes(sink) == dict.fromkeys(STAGES, "ran"), reasons(sink)
    assert [one.moment for one in sink.of(ToolsListed)] == ["start", "after-calls", "restart"]
    assert sink.of(TaskStarted)
    assert sink.of(EnvelopeDeclared)
    assert sink.events[-1].type == TaskCompleted.TYPE
    assert containment.left
    assert all_gone(containment)


async def test_protocol_version_and_server_are_recorded(gate, sink):
    await gate("old")
    listed = sink.of(ToolsListed)[0]
    assert (listed.protocol, listed.server) == ("2024-11-05", "fixture 1")
    assert listed.tools[0].name == "echo"


async def test_each_call_is_recorded_before_what_comes_of_it(gate, sink):
    await gate("writes")
    at = {event.event_id: number for number, event in enumerate(sink.events)}
    invoked = [event for event in sink.events if event.type == ToolInvoked.TYPE]
    for event in invoked:
        returned = [one for one in sink.children(event) if one.type == ToolReturned.TYPE]
        assert len(returned) == 1
        assert at[event.event_id] < at[returned[0].event_id]
    effects = [e for e in sink.children(invoked[0]) if e.type == HostEffectObserved.TYPE]
    assert payload_of(effects[0]).effect.path.endswith("made-by-target")


async def test_harmless_calls_come_first_and_attacks_name_their_case(gate, sink):
    await gate("old")
    calls = sink.of(ToolInvoked)
    intents = [one.intent for one in calls]
    assert intents[:3] == ["harmless"] * 3
    attacks = [one for one in calls if one.intent == "attack"]
    assert all(one.case and one.marker for one in attacks)
    assert len({one.marker for one in attacks}) == len(attacks)
    assert len({one.case for one in attacks}) > 25
    assert sum(one.tool == "echo" for one in calls) >= QUICK.calls


async def test_an_echo_meets_no_expectation(gate, sink):
    await gate("old", replace(QUICK, attacks_per_tool=400))
    for event in sink.events:
        if event.type == ToolInvoked.TYPE:
            invoked = payload_of(event)
            answers = [
                payload_of(one) for one in sink.children(event) if one.type == ToolReturned.TYPE
            ]
            for expected in invoked.expects:
                if expected.kind == "result":
                    assert expected.contains not in answers[0].content, invoked.case


async def test_a_server_that_reads_any_file_gives_the_canary_away(gate, sink):
    await gate("reads")
    secret = sink.of(CanaryPlanted)[0].secrets[0]
    met = set()
    for event in sink.events:
        if event.type != ToolInvoked.TYPE:
            continue
        invoked = payload_of(event)
        answer = next(
            payload_of(one) for one in sink.children(event) if one.type == ToolReturned.TYPE
        )
        if any(one.kind == "result" and one.contains in answer.content for one in invoked.expects):
            met.add(invoked.case)
            assert secret in answer.content or "AKIA" not in answer.content
    assert {"path-absolute", "path-dot-dot", "path-prefix"} <= met


async def test_a_changed_description_shows_in_the_second_list(gate, sink):
    await gate("drifts")
    first, second, third = (one.tools[0].digest for one in sink.of(ToolsListed))
    assert first != second
    assert third != ""
    said = [one.text for one in sink.of(TargetSaid) if one.channel == "notification"]
    assert any("list_changed" in text for text in said)


async def test_requests_of_the_target_are_refused_and_recorded_under_the_call(gate, sink):
    await gate("asks")
    asked = {one.method: one.answered for one in sink.of(TargetRequested)}
    assert asked["sampling/createMessage"].startswith("refused")
    assert asked["elicitation/create"] == '{"action":"decline"}'
    assert asked["roots/list"] == '{"roots":[]}'
    assert asked["ping"] == "{}"
    assert asked["vendor/steal"].startswith("refused")
    first = next(event for event in sink.events if event.type == TargetRequested.TYPE)
    parent = next(event for event in sink.events if event.event_id == first.parent_id)
    assert parent.type == ToolInvoked.TYPE


async def test_a_server_that_dies_at_its_start_is_told_with_its_last_words(gate, sink):
    await gate("dies")
    assert outcomes(sink) == dict.fromkeys(STAGES, "did-not-run") | {"box": "ran"}
    assert "could not run" in reasons(sink)["start"]
    assert "no such option" in reasons(sink)["start"]
    assert sink.events[-1].type == TaskFailed.TYPE


async def test_a_silent_server_is_given_up(gate, sink, containment):
    began = time.monotonic()
    await gate("silent")
    assert "did not answer the handshake within 3 s" in reasons(sink)["start"]
    assert time.monotonic() - began < 10
    assert all_gone(containment)


@pytest.mark.parametrize("behaviour", ["dies-at-discovery", "deaf-to-discovery"])
async def test_a_server_that_chokes_on_discovery_works(gate, sink, behaviour):
    await gate(behaviour)
    assert outcomes(sink) == dict.fromkeys(STAGES, "ran"), reasons(sink)


async def test_no_tools_means_no_calls_and_says_so(gate, sink):
    await gate("no-tools")
    assert outcomes(sink)["attack"] == outcomes(sink)["harmless"] == "did-not-run"
    assert reasons(sink)["attack"] == "the target lists no tools"
    assert outcomes(sink)["restart"] == "ran"


async def test_a_list_that_is_none_ends_the_run(gate, sink):
    await gate("nameless")
    assert reasons(sink)["list"] == "the target lists a tool without a name"
    assert outcomes(sink)["attack"] == "did-not-run"


async def test_an_unknown_version_could_not_run(gate, sink):
    await gate("ancient")
    assert "1999-01-01" in reasons(sink)["start"]


@pytest.mark.parametrize("behaviour", ["exits-in-call", "hangs-in-call"])
async def test_a_target_that_ends_in_an_attack_is_started_again(gate, sink, behaviour):
    await gate(behaviour)
    assert outcomes(sink) == dict.fromkeys(STAGES, "ran"), reasons(sink)
    answers = [one.outcome for one in sink.of(ToolReturned)]
    assert ("closed" if behaviour == "exits-in-call" else "timeout") in answers
    assert answers[-1] == "result"


async def test_new_starts_are_bounded(gate, sink, containment):
    await gate("exits-always", replace(QUICK, restarts=2))
    assert reasons(sink)["attack"] == "the target went away again after 2 new starts"
    assert outcomes(sink)["relist"] == "ran"
    assert len(containment.boxes[0].programs) < 15


async def test_a_tool_that_does_not_answer_is_not_called_for_ever(gate, sink):
    await gate("deaf-in-call", replace(QUICK, patience=Patience(start=3.0, call=0.1)))
    given_up = "echo was not called any more after 2 calls without an answer in time"
    assert reasons(sink)["harmless"] == given_up
    assert given_up in reasons(sink)["attack"]
    calls = [one for one in sink.of(ToolReturned) if one.tool == "echo"]
    assert [(one.outcome, one.responsive) for one in calls] == [("timeout", True)] * 2


async def test_calls_without_an_answer_are_bounded(gate, sink):
    quick = replace(QUICK, patience=Patience(start=3.0, call=0.1), timeouts=1)
    await gate("deaf-in-call", quick)
    assert reasons(sink)["harmless"] == "2 calls had no answer within 0.1 s"


async def test_a_flood_is_ended_at_the_bound_of_output(gate, sink, spec):
    small = BoxSpec(canaries=spec.canaries, limits=Limits(output_bytes=4 << 20))
    await gate("floods", spec=small)
    resource = sink.of(ResourceObserved)[0]
    assert (resource.resource, resource.limit) == ("output_bytes", float(4 << 20))
    assert outcomes(sink)["start"] == "did-not-run"
    assert len(sink.of(TargetSaid)) < 500


async def test_a_huge_line_is_skipped(gate, sink):
    await gate("huge-line")
    assert outcomes(sink) == dict.fromkeys(STAGES, "ran"), reasons(sink)
    said = [one.text for one in sink.of(TargetSaid) if one.channel == "stdout"]
    assert any("beyond the limit" in text for text in said)


async def test_one_case_alone_runs_with_the_least_around_it(gate, sink):
    await gate("reads", replace(QUICK, cases=frozenset({"path-absolute"})))
    calls = sink.of(ToolInvoked)
    assert {one.case for one in calls} == {"", "path-absolute"}
    assert sum(one.intent == "harmless" for one in calls) == 2
    assert outcomes(sink) == dict.fromkeys(STAGES, "ran")


async def test_an_unknown_case_is_told_with_those_like_it(gate):
    with pytest.raises(ConfigError, match="path-absolute"):
        await gate("reads", replace(QUICK, cases=frozenset({"path-absolut"})))


async def test_progress_tells_stage_case_and_count(gate):
    told = []
    await gate("old", progress=told.append)
    assert list(dict.fromkeys(one.stage for one in told)) == list(STAGES)
    attacks = [one for one in told if one.stage == "attack" and one.case]
    assert attacks[0].done == 0
    assert attacks[-1].done < attacks[-1].total
    assert all(a.elapsed <= b.elapsed for a, b in pairwise(told))


async def test_a_cancelled_run_leaves_nothing_running(gate, sink, containment):
    started = asyncio.Event()

    def progress(one):
        if one.stage == "attack" and one.done > 3:
            started.set()

    task = asyncio.create_task(gate("old", progress=progress))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert containment.left
    assert all_gone(containment)
    assert sink.events[-1].type == TaskFailed.TYPE
    assert outcomes(sink)["attack"] == "did-not-run"


async def test_a_box_that_can_not_be_had_stops_everything(gate, sink, containment):
    class NoBox:
        async def __aenter__(self):
            raise Unavailable("no user namespaces", advice="allow them")

        async def __aexit__(self, *exc):
            raise AssertionError

    containment.box = lambda spec, recorder: NoBox()
    with pytest.raises(Unavailable, match="no user namespaces"):
        await gate("old")
    assert outcomes(sink) == dict.fromkeys(STAGES, "did-not-run")
    assert sink.events[-1].type == TaskFailed.TYPE


async def test_a_probe_that_gets_through_stops_everything(gate, sink, containment, monkeypatch):
    async def start(argv):
        raise Unavailable("tcp-denied escaped")

    opened = containment.box

    def box(spec, recorder):
        manager = opened(spec, recorder)
        enter = manager.__aenter__

        async def patched():
            standing = await enter()
            standing.start = start
            return standing

        manager.__aenter__ = patched
        return _Patched(manager, patched)

    containment.box = box
    with pytest.raises(Unavailable, match="tcp-denied"):
        await gate("old")
    assert outcomes(sink)["start"] == "did-not-run"
    assert not sink.of(ToolsListed)


class _Patched:
    def __init__(self, manager, enter):
        self._manager, self._enter = manager, enter

    async def __aenter__(self):
        return await self._enter()

    async def __aexit__(self, *exc):
        return await self._manager.__aexit__(*exc)


async def test_a_run_that_takes_too_long_says_which_stages_did_not_run(gate, sink):
    slow = replace(QUICK, whole=1.0, patience=Patience(start=3.0, call=0.4), timeouts=50)
    await gate("deaf-in-call", slow)
    assert "longer than 1 s" in sink.of(TaskFailed)[0].reason
    assert outcomes(sink)["settle"] == "did-not-run"
