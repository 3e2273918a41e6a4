import pytest

from zu_core.hosts.name import is_canonical
from zu_core.hosts.special_names import SPECIAL_NAMES, classify_name, special_name_class


@pytest.mark.parametrize("row", SPECIAL_NAMES, ids=lambda row: row.name)
def test_a_row_counts_for_the_name_and_all_below(row):
    assert is_canonical(row.name)
    assert row.source
    assert classify_name(row.name) is row.klass
    assert classify_name(f"a.b.{row.name}") is row.klass
    assert row.klass.is_internal


def test_names_are_listed_once():
    names = [row.name for row in SPECIAL_NAMES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "klass"),
    [
        ("example.com", "global"),
        ("notlocalhost.com", "global"),
        ("localhost.example.com", "global"),
        ("db.internal", "private"),
        ("metadata.google.internal", "metadata"),
        ("x.metadata.google.internal", "metadata"),
        ("other.google.internal", "private"),
        ("foo.localhost", "loopback"),
        ("printer.local", "link-local"),
        ("redis", "private"),
        ("router.home.arpa", "private"),
        ("1.0.0.127.in-addr.arpa", "reserved"),
        ("host.docker.internal", "private"),
    ],
)
def test_known_names(name, klass):
    assert classify_name(name) == klass


def test_a_name_without_a_row_has_no_special_class():
    assert special_name_class("example.com") is None
    assert special_name_class("redis") is None
