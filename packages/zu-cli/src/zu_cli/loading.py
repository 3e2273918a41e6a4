"""Importing what is called, when it is called: the only place of this package that does."""

import importlib
from collections.abc import Callable
from typing import Any


def load(function: str) -> Callable[..., Any]:
    """The function that `function` names as "module:name"."""
    module, _, name = function.partition(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return loaded
