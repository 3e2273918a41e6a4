import pytest

from zu_backends.egress import EgressLimits
from zu_backends.egress.journal import Journal
from zu_core.events import EgressObserved


def fact(size: int = 0) -> EgressObserved:
    return EgressObserved(channel="udp", decision="denied", rule="udp", sample=b"x" * size)


@pytest.mark.parametrize(
    ("limits", "size"), [(EgressLimits(records=3), 0), (EgressLimits(record_bytes=35), 10)]
)
def test_more_than_the_bound_is_a_fault_and_not_a_shorter_record(limits, size):
    told = []
    journal = Journal(told.append, limits)
    for _ in range(3):
        journal.tell(fact(size))
    assert journal.fault is None
    journal.tell(fact(size))
    assert len(told) == journal.facts == 3
    assert journal.fault is not None
    assert "more than" in journal.fault


def test_the_first_fault_stays():
    journal = Journal(lambda _: None, EgressLimits())
    journal.fail("a")
    journal.fail("b")
    assert journal.fault == "a"


def test_an_observer_that_fails_is_a_fault():
    def observe(_: EgressObserved) -> None:
        raise ValueError("disk full")

    journal = Journal(observe, EgressLimits())
    journal.tell(fact())
    assert journal.facts == 0
    assert journal.fault is not None
    assert "disk full" in journal.fault
