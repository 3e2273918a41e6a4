"""Whether the kernel holds the limits that the engine was asked for; cgroups(7)."""

from collections.abc import Mapping
from typing import Final

from zu_core.events import ProbeCheck

_ROOT: Final = "/sys/fs/cgroup"
# Controller, the engine's name of the limit, and its files in cgroup v1 and v2.
_FILES: Final = (
    ("pids", "PidsLimit", ("pids.max",)),
    ("memory", "Memory", ("memory.limit_in_bytes", "memory.max")),
)


def check(pid: int, wanted: Mapping[str, int]) -> ProbeCheck:
    """Compare what holds for process `pid` with `wanted`, by the names of the engine's API."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            groups = parse(file.read())
        wrong = [text for text in _differences(groups, wanted) if text]
    except OSError as error:
        return _result("not-run", str(error))
    return _result("escaped" if wrong else "held", "; ".join(wrong))


def parse(text: str) -> dict[str, str]:
    """Return the directory of each controller below the root; "" is that of cgroup v2."""
    found = {}
    for line in text.splitlines():
        _number, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = f"{_ROOT}/{controllers}{path}" if controllers else _ROOT + path
    return found


def _differences(groups: Mapping[str, str], wanted: Mapping[str, int]) -> list[str]:
    return [
        _difference(groups.get(controller) or groups[""], name, wanted[name], files)
        for controller, name, files in _FILES
    ]


def _difference(directory: str, name: str, wanted: int, files: tuple[str, ...]) -> str:
    for file in files:
        try:
            with open(f"{directory}/{file}", encoding="ascii") as opened:
                found = opened.read().strip()
        except FileNotFoundError:
            continue
        holds = found.isdigit() and int(found) <= wanted
        return "" if holds else f"{name} is {found}, not {wanted}"
    return f"{name} has no file in {directory}"


def _result(outcome: str, detail: str) -> ProbeCheck:
    return ProbeCheck(
        name="cgroup-limits",
        mechanism="cgroup: processes and memory of the program's container",
        outcome="held" if outcome == "held" else "escaped" if outcome == "escaped" else "not-run",
        detail=detail,
    )
