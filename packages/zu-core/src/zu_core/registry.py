"""Plugins by kind and name: registered by a call, by a reference, or found in metadata.

Finding a plugin reads the metadata of installed distributions only; its code is imported
by `Registry.load`. A consumer adds a kind with `Registry.add_kind`, or with an entry point
in the group `zu.kinds` whose value refers to the kind's Protocol.
"""

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar

import msgspec

from zu_core import ports
from zu_core.errors import ConfigError, PluginError
from zu_core.plugin import Plugin, Problem, check_methods, import_plugin, origin

KINDS_GROUP: Final = "zu.kinds"

_KINDS: Final[tuple[tuple[str, type], ...]] = (
    ("backends", ports.SandboxBackend),
    ("channels", ports.Channel),
    ("detectors", ports.Detector),
    ("egress_enforcement", ports.EgressEnforcement),
    ("egress_proxies", ports.EgressProxy),
    ("gates", ports.InvocationGate),
    ("host_monitors", ports.HostEffectMonitor),
    ("key_providers", ports.KeyProvider),
    ("models", ports.ModelProvider),
    ("sinks", ports.EventSink),
    ("tools", ports.Tool),
    ("validators", ports.Validator),
    ("workload_identity", ports.WorkloadIdentity),
)

_T = TypeVar("_T")


class _Kind(msgspec.Struct, frozen=True):
    protocol: type | None
    reference: str = ""


class Registry:
    """Kinds, and the plugins of each. An object, so that two harnesses share nothing.

    What was registered by a call comes before what was found in metadata; both are known
    to `problems`. Two distributions that bring the same name both lose it.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {name: _Kind(protocol) for name, protocol in _KINDS}
        self._objects: dict[tuple[str, str], object] = {}
        self._references: dict[tuple[str, str], Plugin] = {}
        self._found: dict[tuple[str, str], list[Plugin]] = {}
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong so far, in the order that it was noticed."""
        return tuple(self._problems)

    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds, sorted."""
        return tuple(sorted(self._kinds))

    def add_kind(self, kind: str, protocol: type | None = None) -> None:
        """Let plugins be of `kind`; each must have the methods of `protocol`.

        Raises:
            ConfigError: the kind exists with another Protocol, or its name is none.
        """
        if not kind.replace("_", "a").isalnum() or kind == "kinds":
            raise ConfigError(f"{kind!r} can't name a kind", advice="use letters, digits and _")
        known = self._kinds.setdefault(kind, _Kind(protocol))
        if known.protocol is not protocol:
            raise ConfigError(f"the kind {kind!r} exists with another Protocol")

    def register(self, kind: str, name: str, plugin: object, *, replace: bool = False) -> None:
        """Make the object (or class) `plugin` known.

        Raises:
            ConfigError: there is no such kind, or the name is taken and not to be replaced.
            PluginError: `plugin` lacks a method of its kind.
        """
        key = self._free_key(kind, name, replace=replace)
        check_methods(kind, name, plugin, self._kinds[kind].protocol)
        self._references.pop(key, None)
        self._objects[key] = plugin
        self._note_shadow(key)

    def refer(self, kind: str, name: str, reference: str, *, replace: bool = False) -> None:
        """Make "module:attribute" known, as a configuration names it; imports nothing.

        Raises:
            ConfigError: as for `register`, or `reference` has another form.
        """
        key = self._free_key(kind, name, replace=replace)
        module, _, attribute = reference.partition(":")
        if not all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
            raise ConfigError(
                f"{reference!r} refers to no plugin", advice='write it as "package.module:name"'
            )
        self._objects.pop(key, None)
        self._references[key] = Plugin(kind=kind, name=name, reference=reference)
        self._note_shadow(key)

    def provides(self, kind: str, name: str) -> Callable[[_T], _T]:
        """Decorate a class or an object that is a plugin; raises like `register`."""

        def decorate(plugin: _T) -> _T:
            self.register(kind, name, plugin)
            return plugin

        return decorate

    def discover(self, points: Iterable[EntryPoint] | None = None) -> tuple[Plugin, ...]:
        """Read the entry points of installed distributions; import nothing.

        A second call forgets what the first one found. Points of unknown kinds and
        collisions become `problems`.

        Args:
            points: what to read in place of the installed distributions.
        """
        every = _installed() if points is None else tuple(points)
        for point in every:
            if point.group == KINDS_GROUP:
                self._discover_kind(point)
        self._found.clear()
        for point in every:
            if point.group.startswith("zu.") and point.group != KINDS_GROUP:
                self._discover_plugin(point)
        for key, found in self._found.items():
            self._note_collision(key, found)
        return tuple(plugin for found in self._found.values() for plugin in found)

    def plugins(self, kind: str) -> tuple[Plugin, ...]:
        """What `load` would take for each name of `kind`, sorted by name.

        Raises:
            ConfigError: there is no such kind.
        """
        self._check_kind(kind)
        known = {name: Plugin(kind=kind, name=name) for k, name in self._objects if k == kind}
        known |= {name: plugin for (k, name), plugin in self._references.items() if k == kind}
        for (k, name), found in self._found.items():
            if k == kind and len(found) == 1:
                known.setdefault(name, found[0])
        return tuple(known[name] for name in sorted(known))

    def load(self, kind: str, name: str) -> Any:
        """Return the plugin, importing its code if it was not registered as an object.

        Importing runs the plugin's code in this process: only what the operator names is
        to be loaded. What is returned is a class or an object, as its author gave it.

        Raises:
            ConfigError: no kind or plugin has that name, or two distributions claim it.
            PluginError: its code could not be imported, or lacks a method of its kind.
        """
        self._check_kind(kind)
        key = (kind, name)
        if key in self._objects:
            return self._objects[key]
        plugin = self._references.get(key) or self._one_found(key)
        try:
            loaded = import_plugin(plugin)
            check_methods(kind, name, loaded, self._protocol(kind))
        except PluginError as error:
            self._note(Problem(kind=kind, name=name, what="broken", detail=error.message))
            raise
        return loaded

    def load_all(self, kind: str) -> dict[str, Any]:
        """Return the plugins of `kind` that load, by name; the others are `problems`.

        Raises:
            ConfigError: there is no such kind.
        """
        loaded = {}
        for plugin in self.plugins(kind):
            try:
                loaded[plugin.name] = self.load(kind, plugin.name)
            except PluginError:
                continue
        return loaded

    def _check_kind(self, kind: str) -> None:
        if kind not in self._kinds:
            raise ConfigError(
                f"there is no kind {kind!r}", advice=f"known kinds: {', '.join(self.kinds())}"
            )

    def _free_key(self, kind: str, name: str, *, replace: bool) -> tuple[str, str]:
        self._check_kind(kind)
        key = (kind, name)
        if not replace and (key in self._objects or key in self._references):
            raise ConfigError(f"{kind} has a plugin {name!r} already", advice="choose another name")
        return key

    def _note(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems.append(problem)

    def _note_shadow(self, key: tuple[str, str]) -> None:
        if found := self._found.get(key):
            self._note_collision(key, found)

    def _note_collision(self, key: tuple[str, str], found: list[Plugin]) -> None:
        registered = key in self._objects or key in self._references
        claims = [f"{plugin.distribution} ({plugin.reference})" for plugin in found]
        if registered:
            claims.insert(0, "the one that was registered, which is taken")
        if len(claims) > 1:
            detail = f"claimed by {'; '.join(claims)}"
            self._note(Problem(kind=key[0], name=key[1], what="collision", detail=detail))

    def _discover_kind(self, point: EntryPoint) -> None:
        known = self._kinds.setdefault(point.name, _Kind(None, point.value))
        if known.reference != point.value:
            detail = f"the kind exists; {origin(point)} brings another ({point.value})"
            self._note(Problem(kind=point.name, name="", what="collision", detail=detail))

    def _discover_plugin(self, point: EntryPoint) -> None:
        kind = point.group.removeprefix("zu.")
        if kind not in self._kinds:
            detail = f"{origin(point)} has a plugin in the group {point.group!r}"
            self._note(Problem(kind=kind, name=point.name, what="unknown kind", detail=detail))
            return
        plugin = Plugin(
            kind=kind, name=point.name, reference=point.value, distribution=origin(point)
        )
        found = self._found.setdefault((kind, point.name), [])
        if plugin not in found:
            found.append(plugin)

    def _one_found(self, key: tuple[str, str]) -> Plugin:
        found = self._found.get(key, [])
        if len(found) == 1:
            return found[0]
        kind, name = key
        if found:
            raise ConfigError(
                f"{kind} has {len(found)} plugins {name!r}: "
                + "; ".join(plugin.distribution for plugin in found),
                advice="remove one of the distributions, or refer to one by module and name",
            )
        names = ", ".join(plugin.name for plugin in self.plugins(kind)) or "none"
        raise ConfigError(f"{kind} has no plugin {name!r}", advice=f"there are: {names}")

    def _protocol(self, kind: str) -> type | None:
        known = self._kinds[kind]
        if known.protocol is None and known.reference:
            protocol = import_plugin(Plugin(kind="kinds", name=kind, reference=known.reference))
            if not isinstance(protocol, type):
                raise PluginError(f"the kind {kind!r} refers to no Protocol: {known.reference!r}")
            self._kinds[kind] = known = _Kind(protocol, known.reference)
        return known.protocol


def _installed() -> tuple[EntryPoint, ...]:
    found = entry_points()
    groups = sorted(group for group in found.groups if group.startswith("zu."))
    return tuple(point for group in groups for point in found.select(group=group))
