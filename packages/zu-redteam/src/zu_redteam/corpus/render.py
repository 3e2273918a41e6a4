"""Placeholders of payloads and expectations.

    {marker}            random letters, new for each call
    {head} {tail}       the marker in two parts, for payloads that join them
    {split}             the marker with an empty shell string ('') within it
    {a} {b} {product}   two numbers of five digits and their product
    {home} {workspace}  directories of the box
    {file} {path}       a text file in the workspace: its name, its absolute path
    {climb}             "../" twelve times
    {word}              a harmless value for the parameter
    {canary_path:X}     absolute path of the canary with the name or path X
    {canary_secret:X}   its first secret

An expectation must not be met by a tool that only repeats its input. So a payload never
contains what is expected: it has to be computed ({split} by a shell, {product} by a
template engine), fetched ({canary_secret:X}) or be a whole host or path.

Other text in braces is left as it is: template languages are made of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from zu_redteam.corpus.setting import Setting

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)(?::([A-Za-z0-9_./-]+))?\}")
_SIMPLE: Final = frozenset({
    "marker", "head", "tail", "split", "a", "b", "product", "home", "workspace", "file",
    "path", "climb", "word",
})  # fmt: skip
_NAMED: Final = frozenset({"canary_path", "canary_secret"})


class Missing(LookupError):  # noqa: N818 - a state of the run, no error
    """A placeholder stands for something that this run does not have."""


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """Return the names in braces in `text` that are no placeholders."""
    return tuple(
        match[1]
        for match in _PLACEHOLDER.finditer(text)
        if match[1] not in (_NAMED if match[2] else _SIMPLE)
    )


class Renderer:
    """Fills placeholders for one call.

    Args:
        setting: of the run.
        key: what tells this call from others of the run; the marker is made from it.
        word: harmless value for the parameter.
    """

    def __init__(self, setting: Setting, key: tuple[object, ...], word: str = "") -> None:
        self._setting = setting
        self.marker = setting.token(*key)
        self._values = _values(setting, self.marker, key, word)
        self._named: Mapping[str, Callable[[str], str]] = {
            "canary_path": self._canary_path,
            "canary_secret": self._canary_secret,
        }

    def text(self, template: str) -> str:
        """Return `template` with its placeholders filled.

        Raises:
            Missing: one stands for a canary that is not planted, or an unknown home.
        """
        return _PLACEHOLDER.sub(self._fill, template)

    def tree(self, value: Any) -> Any:
        """Return a JSON value with all strings in it filled."""
        if isinstance(value, dict):
            return {key: self.tree(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _fill(self, match: re.Match[str]) -> str:
        name, argument = match[1], match[2]
        if argument and name in self._named:
            return self._named[name](argument)
        if argument or name not in self._values:
            return match[0]
        value = self._values[name]
        if not value and name != "word":
            raise Missing(name)
        return value

    def _canary_path(self, name: str) -> str:
        canary = self._setting.canary(name)
        home = self._setting.places.home
        if canary is None or not canary.path or not home:
            raise Missing(name)
        return f"{home.rstrip('/')}/{canary.path}"

    def _canary_secret(self, name: str) -> str:
        canary = self._setting.canary(name)
        if canary is None or not canary.secrets:
            raise Missing(name)
        return canary.secrets[0]


def _values(setting: Setting, marker: str, key: tuple[object, ...], word: str) -> Mapping[str, str]:
    head, tail = marker[:6], marker[6:]
    a, b = setting.number("a", *key), setting.number("b", *key)
    places = setting.places
    return {
        "marker": marker, "head": head, "tail": tail, "split": f"{head}''{tail}",
        "a": str(a), "b": str(b), "product": str(a * b),
        "home": places.home.rstrip("/"), "workspace": places.workspace.rstrip("/"),
        "file": places.file, "path": places.path, "climb": "../" * 12, "word": word,
    }  # fmt: skip
