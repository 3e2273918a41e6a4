"""What every store does with an event: to the fields that it keeps, and back."""

from datetime import UTC, datetime, timedelta
from typing import Final

from zu_core.chain import Entry
from zu_core.codec import Codecs, JsonCodec
from zu_core.contracts.event import Event
from zu_core.errors import ConfigError, ProtocolError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_JSON: Final = JsonCodec()


def entry_of(event: Event, codecs: Codecs) -> Entry:
    """Return the fields that a store keeps of `event`.

    Raises:
        ConfigError: the event would not read back equal.
    """
    _check_texts(event)
    tag, blob = codecs.encode(event.payload, trace_id=event.trace_id, event_id=event.event_id)
    return Entry(
        trace_id=event.trace_id,
        event_id=event.event_id,
        parent_id=event.parent_id,
        task_id=event.task_id,
        type=event.type,
        ts=(event.ts - _EPOCH) // _MICROSECOND,
        source=event.source,
        codec=tag,
        payload=blob,
    )


def event_of(entry: Entry, codecs: Codecs) -> Event:
    """Return the event that `entry` keeps; its time is in UTC.

    Raises:
        ProtocolError: the fields are none of an event.
        Unavailable: its codec, or the key for it, is not at hand.
    """
    payload = codecs.decode(
        entry.codec, entry.payload, trace_id=entry.trace_id, event_id=entry.event_id
    )
    try:
        return Event(
            trace_id=entry.trace_id,
            task_id=entry.task_id,
            type=entry.type,
            source=entry.source,
            payload=payload,
            parent_id=entry.parent_id,
            event_id=entry.event_id,
            ts=_EPOCH + timedelta(microseconds=entry.ts),
        )
    except (ValueError, OverflowError) as error:
        raise ProtocolError(f"stored entry {entry.event_id!r} is no event: {error}") from error


def check_same(stored: Entry, entry: Entry, event: Event, codecs: Codecs) -> None:
    """Raise unless `stored` keeps the content of `event`, whose fields are `entry`.

    Raises:
        ConfigError: the id is known with another content.
    """
    same = (
        stored.trace_id == entry.trace_id
        and stored.parent_id == entry.parent_id
        and stored.task_id == entry.task_id
        and stored.type == entry.type
        and stored.ts == entry.ts
        and stored.source == entry.source
        and _same_payload(stored, entry, event, codecs)
    )
    if not same:
        raise ConfigError(
            f"event id {event.event_id!r} is known with another content",
            advice="give each event an id of its own; what is stored is never replaced",
        )


def _same_payload(stored: Entry, entry: Entry, event: Event, codecs: Codecs) -> bool:
    if stored.codec == entry.codec and stored.payload == entry.payload:
        return True
    # Sorted JSON differs wherever the values differ in type (1, 1.0, True) or in value.
    known = codecs.decode(
        stored.codec, stored.payload, trace_id=stored.trace_id, event_id=stored.event_id
    )
    return _JSON.encode(known) == _JSON.encode(event.payload)


def _check_texts(event: Event) -> None:
    for name in ("trace_id", "event_id", "parent_id", "task_id", "type", "source"):
        value = getattr(event, name)
        if value is None and name == "parent_id":
            continue
        if type(value) is not str:
            raise ConfigError(f"event field {name} is a {type(value).__name__}, not a str")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"event field {name} has no UTF-8 form: {error}",
                advice="replace lone surrogates before the event is made",
            ) from error
