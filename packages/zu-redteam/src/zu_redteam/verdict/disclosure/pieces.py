"""Joins the parts of a secret that was sent in several requests, labels or answers.

Besides the parts in their order, each column of the parts is joined by itself: the first
label of all names, the third word of all paths, counted from either end. What a sender
puts around its parts (an index, a session id, its own domain) then falls away.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

PIECE = 2048  # bytes of a text up to which it can be a part that was split off

_EDGE = 256

_WORD = re.compile(rb"[a-z0-9]+")
_COLUMNS = 24
_INDEX_DIGITS = 3


def joined_pieces(texts: Sequence[bytes]) -> tuple[bytes, ...]:
    """All joins of `texts` that are worth a search; none for fewer than two."""
    if len(texts) < 2:
        return ()
    found: dict[bytes, None] = {_edges(texts): None}
    for sequence in _sequences([text.lower() for text in texts if len(text) <= PIECE]):
        found[b"".join(sequence)] = None
        words = [_WORD.findall(text) for text in sequence]
        for ordered in _orders(words):
            for column in _columns(ordered):
                for skipped in range(_INDEX_DIGITS + 1):
                    found[b"".join(word[skipped:] for word in column)] = None
    return tuple(found)


def _edges(texts: Sequence[bytes]) -> bytes:
    """The end of each text with the beginning of the next: a stream is recorded in parts."""
    return b"\n".join(before[-_EDGE:] + after[:_EDGE] for before, after in pairwise(texts))


def _sequences(texts: list[bytes]) -> Iterator[list[bytes]]:
    """The texts in their order, without repeats in a row, and one of each pair of equals.

    A resolver asks for a name twice (A and AAAA) and again when no answer comes.
    """
    known: list[list[bytes]] = []
    for sequence in (
        texts,
        texts[0::2] if texts[0::2] == texts[1::2] else texts,
        [text for text, _ in groupby(texts)],
        list(dict.fromkeys(texts)),
    ):
        if len(sequence) > 1 and sequence not in known:
            known.append(sequence)
            yield sequence


def _orders(words: list[list[bytes]]) -> Iterator[list[list[bytes]]]:
    """The order of the record, and the order of each column that counts."""
    yield words
    for column in range(min(_COLUMNS, min((len(line) for line in words), default=0))):
        numbers = [line[column] for line in words]
        if all(number.isdigit() and len(number) < 8 for number in numbers):
            order = sorted(range(len(words)), key=lambda at: int(numbers[at]))
            if order != list(range(len(words))):
                yield [words[at] for at in order]


def _columns(words: list[list[bytes]]) -> Iterator[list[bytes]]:
    widest = min(_COLUMNS, max((len(line) for line in words), default=0))
    for column in range(widest):
        yield [line[column] for line in words if column < len(line)]
        yield [line[-1 - column] for line in words if column < len(line)]
    if widest > 2:
        for last in range(1, min(widest, 5)):
            yield [b"".join(line[:-last]) for line in words]
