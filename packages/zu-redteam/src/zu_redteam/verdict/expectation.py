"""Whether a fact, or an answer, is what an attack case expects to see if it worked."""

from zu_core.events import (
    Connected,
    EgressObserved,
    Executed,
    Expectation,
    FileChanged,
    OpenedForWrite,
    ToolReturned,
)
from zu_core.hosts import Host, HostError, parse_host, parse_host_port
from zu_redteam.verdict.disclosure import forms_of
from zu_redteam.verdict.observed import Fact
from zu_redteam.verdict.paths import resolve

# Where the box listens for programs: the proxy, and DNS. To connect there is no effect.
_OWN_PORTS = frozenset({53, 3128})


def matches(expected: Expectation, fact: Fact) -> bool:
    """Whether `fact` is of the kind of `expected` and holds, or is, its text."""
    match expected.kind, fact.effect:
        case "exec", Executed() as executed:
            return _found(expected, (executed.path, *executed.argv), " ".join(executed.argv))
        case "egress", EgressObserved() as egress:
            return _reached(expected, egress)
        case "egress", Connected() as connected:
            return not _is_own(connected) and _connected(expected, connected)
        case "file", FileChanged() as changed:
            return _found(expected, (changed.path,), *_texts(changed.sample))
        case "file", OpenedForWrite() as opened:
            return _found(expected, (opened.path, resolve(opened.path)))
        case _:
            return False


def in_answer(expected: Expectation, answer: ToolReturned) -> bool:
    """Whether `answer` holds the text of `expected`."""
    return any(expected.contains in text for text in _texts(answer.content))


def text_of(fact: Fact) -> str:
    """All text of a fact that an expectation can speak of, in lower case."""
    match fact.effect:
        case Executed() as executed:
            parts: tuple[str, ...] = (executed.path, *executed.argv)
        case EgressObserved() as egress:
            parts = (egress.host, egress.address, egress.detail, *_texts(egress.sample))
        case Connected() as connected:
            parts = (connected.address,)
        case FileChanged() as changed:
            parts = (changed.path, *_texts(changed.sample))
        case OpenedForWrite() as opened:
            parts = (opened.path,)
        case _:
            parts = ()
    return "\n".join(parts).lower()


def _found(expected: Expectation, names: tuple[str, ...], *texts: str) -> bool:
    """`names` can be the whole of what is expected; `texts` can only hold it."""
    if expected.whole:
        return expected.contains in names
    return any(expected.contains in text for text in (*names, *texts))


def _texts(data: str | bytes) -> tuple[str, ...]:
    return tuple(form.decode("utf-8", "replace") for form in forms_of(data))


def _reached(expected: Expectation, egress: EgressObserved) -> bool:
    if expected.whole:
        return _same_host(expected.contains, egress.host, egress.address)
    wanted = expected.contains.lower()
    where = f"{egress.host} {egress.address}:{egress.port} {egress.detail}"
    return wanted in where.lower() or any(wanted in text.lower() for text in _texts(egress.sample))


def _connected(expected: Expectation, connected: Connected) -> bool:
    if not expected.whole:
        return expected.contains.lower() in connected.address.lower()
    host = _split(connected.address)
    return host is not None and _same_host(expected.contains, str(host[0]))


def _is_own(connected: Connected) -> bool:
    found = _split(connected.address)
    return found is not None and found[0].klass.value == "loopback" and found[1] in _OWN_PORTS


def _split(address: str) -> tuple[Host, int | None] | None:
    """Host and port of "host:port"; None for a path or what can't be read."""
    try:
        return parse_host_port(address)
    except HostError:
        return None


def _same_host(wanted: str, *names: str) -> bool:
    """Whether one of `names` is the host `wanted`, in whatever spelling."""
    host = _canonical(wanted)
    return any(_canonical(name) == host for name in names if name)


def _canonical(text: str) -> str:
    try:
        return parse_host(text).canonical
    except HostError:
        return text.lower().removesuffix(".")
