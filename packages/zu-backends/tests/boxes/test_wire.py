"""Messages are read back as they were sent; anything else is refused."""

import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.boxes import wire

TEXT = st.text(max_size=20)
TEXTS = st.lists(TEXT, max_size=4).map(tuple)
NUMBERS = st.integers(0, 2**62)
MESSAGES = st.one_of(
    st.builds(
        wire.OpenBox,
        TEXTS,
        TEXTS,
        TEXTS,
        st.lists(st.tuples(TEXT, NUMBERS), max_size=3).map(tuple),
        *(NUMBERS, NUMBERS, TEXT, NUMBERS, NUMBERS),
    ),
    st.builds(wire.Ready, TEXTS),
    st.builds(wire.Failed, TEXT, TEXT),
    st.builds(wire.RunProgram, NUMBERS, st.booleans()),
    st.builds(wire.Exited, NUMBERS, NUMBERS, st.floats(0, 1e9), NUMBERS, st.booleans()),
    st.just(wire.Go()),
)


@given(MESSAGES)
def test_messages_are_read_back(message):
    again = wire.decode(wire.encode(message))
    assert again == message
    assert type(again) is type(message)


@pytest.mark.parametrize("data", [[], ["Stranger"], ["KillProgram"], ["KillProgram", 1, 2], {}, 1])
def test_anything_else_is_refused(data):
    with pytest.raises(ValueError, match="not a message"):
        wire.decode(json.dumps(data).encode())


def test_descriptors_travel_along():
    one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, two:
        wire.send(one, wire.Go(), (one.fileno(),))
        message, (descriptor,) = wire.receive(two)
        assert message == wire.Go()
        socket.socket(fileno=descriptor).close()
        one.close()
        assert wire.receive(two) == (None, ())
