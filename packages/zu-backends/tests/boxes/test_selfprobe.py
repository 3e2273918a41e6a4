"""The judgement over a self-probe: every attempt must fail and must have been seen."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.boxes.selfprobe import (
    DENIED_PORT,
    DENIED_V4,
    DENIED_V6,
    Surroundings,
    Trace,
    checks_for,
    judge,
    leave,
    parse_report,
    require,
    trace_of,
)
from zu_core.errors import Unavailable
from zu_core.events import (
    CanaryTouched,
    Connected,
    EgressObserved,
    Executed,
    FileChanged,
    OpenedForWrite,
)

HERE = Surroundings(
    nonce="zu00ff",
    host_files=(("/var", 1, 2),),
    abstract_socket="zu00ff",
    namespaces=("pid:[1]", "net:[2]"),
    root_entries=("usr", "tmp"),
    writable=("/tmp",),
    unwritable=("/", "/usr"),
    canary="/home/tool/.netrc",
    rlimits=(("NPROC", 64),),
    disk_bytes=1,
    disk_inodes=1,
    system_calls=(("bpf", 321),),
)
CHECKS = checks_for(HERE, 3)


def report(**outcomes: str) -> bytes:
    """A report in which everything held, but for `outcomes` (dashes as underscores)."""
    given = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}
    return "\n".join(f"{c.name}\t{given.get(c.name, 'held')}\tsome detail" for c in CHECKS).encode()


def all_traces() -> list[Trace]:
    """What monitors that see everything would have recorded."""
    facts = [
        Executed(path="/usr/bin/python3", argv=("python3", "-c", "...", "zu00ff"), pid=1),
        OpenedForWrite(path="/.zu-probe-zu00ff", pid=1),
        OpenedForWrite(path="/usr/.zu-probe-zu00ff", pid=1),
        Connected(family="inet", address=f"{DENIED_V4}:{DENIED_PORT}", pid=1),
        CanaryTouched(name="netrc", path="/home/tool/.netrc", access="opened"),
        EgressObserved(channel="dns", decision="denied", rule="r", host="zu00ff.zu-probe.invalid"),
    ]
    facts += [
        EgressObserved(
            channel=channel,
            decision="denied",
            rule="r",
            address=address,
            port=DENIED_PORT,
            sample=b"zu00ff",
        )
        for channel, address in (("tcp", DENIED_V4), ("tcp", DENIED_V6), ("udp", DENIED_V4))
    ]
    return [trace for fact in facts if (trace := trace_of(fact))]


def test_a_box_that_holds_and_is_watched_passes():
    require(judge(CHECKS, parse_report(CHECKS, report()), all_traces()))


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
@pytest.mark.parametrize("outcome", ["escaped", "not-run", "nonsense"])
def test_any_check_that_does_not_hold_is_refused_and_named(name, outcome):
    results = judge(CHECKS, parse_report(CHECKS, report(**{name: outcome})), all_traces())
    with pytest.raises(Unavailable) as caught:
        require(results)
    mechanism = next(check.mechanism for check in CHECKS if check.name == name)
    assert mechanism in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_check_that_is_not_reported_has_not_run(name):
    lines = [line for line in report().split(b"\n") if not line.startswith(name.encode() + b"\t")]
    results = parse_report(CHECKS, b"\n".join(lines))
    assert [one.name for one in results if one.outcome == "not-run"] == [name]
    with pytest.raises(Unavailable):
        require(results)


@pytest.mark.parametrize("missing", range(len(all_traces())))
def test_an_attempt_that_a_monitor_missed_is_refused(missing):
    traces = all_traces()
    lost = traces.pop(missing)
    with pytest.raises(Unavailable, match=f"not seen by .*{lost.monitor}"):
        require(judge(CHECKS, parse_report(CHECKS, report()), traces))


def test_an_attempt_that_never_left_the_process_needs_no_trace():
    results = parse_report(CHECKS, report())
    traces = [trace for trace in all_traces() if DENIED_V6 not in trace.text]
    with pytest.raises(Unavailable, match="tcp6-denied"):
        require(judge(CHECKS, results, traces))
    no_route = [
        msgspec.structs.replace(one, detail="errno 101") if one.name == "tcp6-denied" else one
        for one in results
    ]
    require(judge(CHECKS, no_route, traces))


def test_each_check_calls_a_function_of_the_probe():
    from zu_backends.boxes import probe

    assert all(callable(getattr(probe, "check_" + check.function)) for check in CHECKS)


def test_a_changed_file_is_no_trace():
    assert trace_of(FileChanged(path="/tmp/zu00ff", change="created")) is None


@given(st.binary())
def test_no_report_makes_the_judge_fall_or_pass(data):
    results = parse_report(CHECKS, data)
    assert len(results) == len(CHECKS)
    with pytest.raises(Unavailable):
        require(judge(CHECKS, results, []))


def test_leave_separates_fields_by_nul():
    assert (
        leave(("/bin/a", "b c"), (("X", "1"),), "/workspace")
        == b"/workspace\x002\0/bin/a\0b c\0X=1"
    )
