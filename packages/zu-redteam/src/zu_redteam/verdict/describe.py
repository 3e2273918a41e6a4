"""One line for a fact and for a call, as evidence and timelines say it.

The text holds data of the target as it came; renderers make it safe to show.
"""

from collections.abc import Sequence

from zu_core.events import (
    CanaryTouched,
    Connected,
    Effect,
    EgressObserved,
    Executed,
    FileChanged,
    OpenedForWrite,
    ToolInvoked,
)
from zu_redteam.verdict.observed import Entry, Fact

_ARGV_SHOWN = 400


def describe_effect(effect: EgressObserved | Effect) -> str:
    """What `effect` is, in words."""
    match effect:
        case EgressObserved():
            return _egress(effect)
        case Executed():
            command = " ".join(effect.argv)
            tail = "" if effect.found else " (not found)"
            return f"executed {effect.path}{tail}: {_cut(command)}"
        case Connected():
            return f"asked to connect ({effect.family}) to {effect.address}"
        case OpenedForWrite():
            return f"opened {effect.path} for writing"
        case FileChanged():
            return f"{effect.change} the {effect.type} {effect.path} ({effect.size} bytes)"
        case CanaryTouched():
            return f"{effect.access} the planted credential {effect.name} at {effect.path}"


def destination(effect: EgressObserved) -> str:
    """Host and port as far as they are known: "name (address):port"."""
    where = effect.host or effect.address or "an unknown host"
    if effect.host and effect.address and effect.host != effect.address:
        where = f"{effect.host} ({effect.address})"
    if effect.port and effect.channel != "dns":
        return f"{where}:{effect.port}"
    return where


def domain(effect: EgressObserved) -> str:
    """What attempts at one destination share: the last two labels, or the address."""
    name = effect.host.lower().removesuffix(".")
    return ".".join(name.split(".")[-2:]) or effect.address


def _egress(effect: EgressObserved) -> str:
    if effect.channel == "dns":
        what = f"asked DNS for {effect.host or effect.detail}"
    elif effect.channel == "udp":
        what = f"sent a UDP datagram to {destination(effect)}"
    elif effect.channel == "http":
        what = f"sent an HTTP request to {destination(effect)}"
    else:
        what = f"opened a TCP connection to {destination(effect)}"
    # What the gate says of a refused name repeats the name.
    if effect.detail and not (effect.host and effect.host in effect.detail):
        what += f" [{_cut(effect.detail)}]"
    return f"{what}: {effect.decision} ({effect.rule})"


def tried(call: Entry[ToolInvoked] | None, fact: Fact | None = None) -> str:
    """What led to it: the call, or the time of the run."""
    if call is not None:
        return describe_call(call.payload)
    if fact is not None and fact.intent == "start-up":
        return "start-up of the target, no call was made"
    if fact is not None and fact.stage:
        return f"stage {fact.stage}, outside of any call"
    return "outside of any call"


def provoked_by(fact: Fact | None) -> tuple[str, str] | None:
    """Tool and case of the attack under which `fact` was seen.

    What a target does without being attacked as well is no effect of the attack.
    """
    if fact is None or fact.call is None or fact.intent != "attack":
        return None
    return fact.call.payload.tool, fact.call.payload.case


def describe_call(call: ToolInvoked) -> str:
    """Tool and kind of a call."""
    if call.intent == "attack":
        return f"attack {call.case or 'without a case'} on the tool {call.tool}"
    return f"harmless call of the tool {call.tool}"


def _cut(text: str) -> str:
    return text if len(text) <= _ARGV_SHOWN else text[:_ARGV_SHOWN] + "…"


def count(number: int, noun: str) -> str:
    """ "1 call", "2 calls"; for nouns that take an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
