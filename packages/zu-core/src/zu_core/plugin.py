"""What is known of a plugin before its code runs, and the one place that imports it."""

import inspect
from importlib.metadata import EntryPoint
from typing import Any, Literal

import msgspec

from zu_core.errors import PluginError


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin as it is known before its code is imported.

    Attributes:
        reference: "module:attribute"; "" for an object that was registered.
        distribution: name and version of what brings it; "" if it was registered.
    """

    kind: str
    name: str
    reference: str = ""
    distribution: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a plugin can't be had; the others can."""

    kind: str
    name: str
    what: Literal["collision", "broken", "unknown kind"]
    detail: str


def origin(point: EntryPoint) -> str:
    """Return name and version of the distribution that brings `point`."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"


def import_plugin(plugin: Plugin) -> Any:
    """Import the code of `plugin` and return what its reference names.

    Raises:
        PluginError: the import failed, in whatever way.
    """
    try:
        return EntryPoint(plugin.name, plugin.reference, f"zu.{plugin.kind}").load()
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # a stranger's module may raise anything
        raise PluginError(
            f"{plugin.kind} {plugin.name!r} ({plugin.reference}) can't be imported: "
            f"{type(error).__name__}: {error}",
            advice=f"repair or remove {plugin.distribution or 'it'}",
        ) from error


def check_methods(kind: str, name: str, plugin: object, protocol: type | None) -> None:
    """Raise PluginError unless `plugin` has the methods of `protocol`.

    A function is taken for a factory: what it returns is checked by its caller.
    """
    if protocol is None or inspect.isroutine(plugin):
        return
    wanted = {
        method
        for base in protocol.__mro__
        for method, value in vars(base).items()
        if inspect.isfunction(value) and (method == "__call__" or not method.startswith("_"))
    }
    missing = sorted(method for method in wanted if not _has_method(plugin, method))
    if missing:
        raise PluginError(
            f"{kind} {name!r} has no {', '.join(missing)}",
            advice=f"a plugin of this kind has the methods of {protocol.__qualname__}",
        )


def _has_method(plugin: object, method: str) -> bool:
    if isinstance(plugin, type):
        # Not getattr: each class would have the `__call__` of its metaclass.
        return any(callable(vars(base).get(method)) for base in plugin.__mro__)
    return callable(getattr(plugin, method, None))
