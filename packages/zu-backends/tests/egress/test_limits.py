import msgspec
import pytest

from zu_backends.egress import EgressLimits


@pytest.mark.parametrize("name", EgressLimits.__struct_fields__)
def test_every_limit_is_positive(name):
    with pytest.raises(ValueError, match=name):
        EgressLimits(**{name: 0})


def test_an_unknown_limit_is_an_error():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"connection": 1}, EgressLimits)
