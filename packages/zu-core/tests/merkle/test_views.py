import pytest

from zu_core.errors import ConfigError
from zu_core.merkle.views import TreeView


def test_a_view_ends_where_its_store_ended(tree):
    view = TreeView(tree, 200)
    assert view.root(200) == TreeView(tree, 300).root(200)
    for ask in (
        lambda: view.root(201),
        lambda: view.root(-1),
        lambda: view.inclusion(1, 201),
        lambda: view.inclusion(0, 200),
        lambda: view.consistency(1, 201),
    ):
        with pytest.raises(ConfigError):
            ask()
