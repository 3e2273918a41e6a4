import pytest

from zu_core.contracts import Limits


@pytest.mark.parametrize("name", Limits.__struct_fields__)
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_positive(name, value):
    with pytest.raises(ValueError, match=f"limit {name} must be positive"):
        Limits(**{name: value})
