import pytest

from zu_core import errors
from zu_core.errors import ExitCode, ZuError

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ZuError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_error_says_what_to_do(kind):
    error = kind("it broke", advice="mend it")
    assert str(error) == "it broke: mend it"
    assert str(kind("it broke")) == "it broke"
    assert isinstance(error.exit_code, ExitCode)


def test_no_and_could_not_tell_are_different():
    assert not issubclass(errors.Refused, errors.Unavailable)
    assert not issubclass(errors.Unavailable, errors.Refused)
    assert errors.Refused.exit_code is ExitCode.BREACH
    assert errors.Unavailable.exit_code is ExitCode.INCONCLUSIVE


def test_exit_codes_are_interface():
    assert [(code.name, int(code)) for code in ExitCode] == [
        ("HELD", 0),
        ("BREACH", 1),
        ("USAGE", 2),
        ("INCONCLUSIVE", 3),
        ("INTEGRITY", 4),
    ]
