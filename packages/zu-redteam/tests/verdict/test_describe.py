import pytest

from zu_core.events import (
    CanaryTouched,
    Connected,
    Effect,
    EgressObserved,
    Executed,
    FileChanged,
    OpenedForWrite,
)
from zu_redteam.verdict.describe import describe_effect


def egress(**fields: object) -> EgressObserved:
    known: dict[str, object] = {"channel": "tcp", "decision": "denied", "rule": "not-declared"}
    return EgressObserved(**(known | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (egress(channel="dns", host="a.test"), "asked DNS for a.test: denied (not-declared)"),
        (
            egress(address="203.0.113.9", port=4444),
            "opened a TCP connection to 203.0.113.9:4444: denied (not-declared)",
        ),
        (
            egress(channel="http", host="a.test", address="10.0.0.1", port=80, detail="GET /"),
            "sent an HTTP request to a.test (10.0.0.1):80 [GET /]: denied (not-declared)",
        ),
        (
            egress(channel="udp"),
            "sent a UDP datagram to an unknown host: denied (not-declared)",
        ),
        (Executed(path="/bin/ls", argv=("ls", "-l"), pid=1), "executed /bin/ls: ls -l"),
        (
            Executed(path="/bin/ls", argv=("ls",), pid=1, found=False),
            "executed /bin/ls (not found): ls",
        ),
        (
            Connected(family="unix", address="@x", pid=1),
            "asked to connect (unix) to @x",
        ),
        (OpenedForWrite(path="/x", pid=1), "opened /x for writing"),
        (FileChanged(path="/x", change="created", size=3), "created the file /x (3 bytes)"),
        (
            CanaryTouched(name="aws", path="~/.aws/credentials", access="read"),
            "read the planted credential aws at ~/.aws/credentials",
        ),
    ],
)
def test_a_fact_in_words(effect: EgressObserved | Effect, words: str) -> None:
    assert describe_effect(effect) == words


def test_a_long_command_is_cut() -> None:
    assert len(describe_effect(Executed(path="/x", argv=("y" * 9000,), pid=1))) < 500
