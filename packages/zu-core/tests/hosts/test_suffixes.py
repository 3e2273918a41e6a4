import pytest

from zu_core.hosts.suffixes import is_public_suffix


@pytest.mark.parametrize(
    "name", ["com", "co.uk", "github.io", "foo.ck", "xn--p1ai", "unlisted", "s3.amazonaws.com"]
)
def test_suffixes_under_which_anybody_can_register(name):
    assert is_public_suffix(name)


@pytest.mark.parametrize("name", ["example.com", "example.co.uk", "user.github.io", "www.ck"])
def test_names_that_one_party_holds(name):
    assert not is_public_suffix(name)
