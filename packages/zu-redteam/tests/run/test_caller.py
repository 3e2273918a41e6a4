from hypothesis import given
from hypothesis import strategies as st

from zu_core.events import Expectation, ToolInvoked, ToolReturned, payload_of
from zu_redteam.corpus import Attack
from zu_redteam.mcp.conversation import Answer
from zu_redteam.run.caller import Caller, returned


class Talk:
    def __init__(self, log):
        self.log = log

    def attribute(self, event_id):
        self.log.append(("talk", event_id))

    async def call(self, name, arguments, seconds):
        self.log.append(("call", name, arguments))
        return Answer("result", {"content": []}, 1.0)

    async def answers(self, seconds):
        return False

    async def request(self, method, params, seconds):
        self.log.append(("request", method, params))
        return Answer("protocol-error", {"code": -1}, 1.0)


class SlowBox:
    def __init__(self, log):
        self.log = log

    def attribute(self, event_id):
        self.log.append(("box", event_id))

    async def settle(self, quiet):
        self.log.append(("settle", quiet))

    async def record_changes(self):
        self.log.append(("changes",))


async def test_the_order_of_a_call(recorder, sink):
    log = []
    caller = Caller(SlowBox(log), recorder, seconds=1, quiet=0.01)
    await caller.harmless(Talk(log), "t", {"a": 1})
    invoked = sink.events[0]
    assert invoked.type == ToolInvoked.TYPE
    assert log == [
        ("box", invoked.event_id), ("talk", invoked.event_id), ("call", "t", {"a": 1}),
        ("settle", 0.01), ("changes",),
    ]  # fmt: skip
    assert sink.events[1].type == ToolReturned.TYPE
    assert sink.events[1].parent_id == invoked.event_id


async def test_costly_changes_are_looked_for_where_a_file_is_expected(recorder):
    log = []
    caller = Caller(SlowBox(log), recorder, seconds=1, quiet=0)
    caller._changes_cost = 1.0
    await caller.harmless(Talk(log), "t", {})
    assert ("changes",) not in log
    expects = (Expectation(kind="file", contains="x"),)
    await caller.attack(Talk(log), Attack("c-d", "t", {}, "m", expects))
    assert ("changes",) in log


async def test_a_request_of_the_protocol_goes_out_as_it_is(recorder, sink):
    log = []
    caller = Caller(SlowBox(log), recorder, seconds=1, quiet=0)
    attack = Attack("p-q", "x/y", {}, "m", (), "x/y", {"z": [1]})
    await caller.attack(Talk(log), attack)
    assert ("request", "x/y", {"z": [1]}) in log
    assert payload_of(sink.events[0]).arguments == {"z": [1]}


async def test_long_arguments_are_cut_in_the_record_only(recorder, sink):
    log = []
    caller = Caller(SlowBox(log), recorder, seconds=1, quiet=0)
    await caller.harmless(Talk(log), "t", {"a": "x" * 100_000})
    assert len(payload_of(sink.events[0]).arguments["a"]) < 5000
    assert len(next(one for one in log if one[0] == "call")[2]["a"]) == 100_000


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_an_answer_is_recorded_with_its_size(value):
    payload = returned("t", Answer("result", {"v": value}, 1.0))
    assert len(payload.digest) == 64
    assert not payload.truncated


def test_a_long_answer_is_cut_with_its_size():
    payload = returned("t", Answer("result", {"v": "x" * 9_000_000}, 1.0))
    assert payload.truncated
    assert payload.size == 9_000_008
    assert len(payload.content) == 8 << 20


def test_the_largest_payload_comes_back_whole():
    payload = returned("t", Answer("result", {"v": "\x1b" * (1 << 20)}, 1.0))
    assert not payload.truncated


async def test_a_timeout_says_whether_anything_is_answered(recorder, sink):
    class Deaf(Talk):
        async def call(self, name, arguments, seconds):
            return Answer("timeout", None, 1.0)

    await Caller(SlowBox([]), recorder, seconds=1, quiet=0).harmless(Deaf([]), "t", {})
    assert payload_of(sink.events[1]).responsive is False


def test_an_answer_that_was_too_long_to_read_is_no_missing_answer():
    payload = returned("t", Answer("result", None, 1.0, oversize=20_000_000, head='{"id":7'))
    assert (payload.outcome, payload.size, payload.truncated) == ("result", 20_000_000, True)
    assert payload.content == '{"id":7'


def test_no_answer_has_no_content():
    payload = returned("t", Answer("timeout", None, 1.0))
    assert (payload.content, payload.digest, payload.size) == ("", "", 0)
