from zu_backends.egress import EgressLimits
from zu_backends.egress.pauses import Pauses


def test_pauses_double_up_to_the_limit():
    pauses = Pauses(EgressLimits(patience_seconds=0.005))
    assert [pauses.next() for _ in range(6)] == [0, 0.001, 0.002, 0.004, 0.005, 0.005]


def test_a_limit_below_the_first_pause_holds():
    pauses = Pauses(EgressLimits(patience_seconds=0.0001))
    assert [pauses.next() for _ in range(3)] == [0, 0.0001, 0.0001]
