from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zu_redteam.verdict.disclosure import Scanner, joined_pieces

KEY = "wJ7rXUtnFEMIK7MDENGbPxRfiCYzQ81LmTe4sVhA"
SCANNER = Scanner({"key": [KEY]})


def found(texts: list[str]) -> bool:
    return any(SCANNER.scan(joined) for joined in joined_pieces([t.encode() for t in texts]))


def chunks(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@given(size=st.integers(1, 12))
@settings(deadline=None)
def test_parts_of_any_size_are_joined(size: int) -> None:
    assert found(chunks(KEY, size))


@pytest.mark.parametrize(
    "shape",
    [
        "{part}.evil.test",
        "{index}.{part}.evil.test",
        "{index}-{part}.x7f3.evil.test",
        "GET /collect?i={index}&d={part} HTTP/1.1",
        '{{"content":[{{"type":"text","text":"{part}"}}]}}',
        "part {index} of 10: {part}",
    ],
)
@pytest.mark.parametrize("size", [1, 4, 7])
def test_what_stands_around_the_parts_falls_away(shape: str, size: int) -> None:
    parts = chunks(KEY.encode().hex() if size > 1 else KEY, size)
    assert found([shape.format(part=part, index=index) for index, part in enumerate(parts)])


def test_an_index_in_front_of_the_part_falls_away() -> None:
    parts = [f"{index:02d}{part}.evil.test" for index, part in enumerate(chunks(KEY, 5))]
    assert found(parts)


def test_parts_out_of_order_are_ordered_by_their_index() -> None:
    parts = [f"{index}.{part}.evil.test" for index, part in enumerate(chunks(KEY, 5))]
    assert found([*parts[1::2], *parts[0::2]])


def test_names_that_are_asked_for_twice_are_joined_once() -> None:
    parts = [f"{part}.evil.test" for part in chunks(KEY, 5)]
    assert found(list(chain.from_iterable(repeat(part, 2) for part in parts)))
    again = [f"{part}.evil.test" for part in KEY]
    assert found(list(chain.from_iterable(repeat(part, 2) for part in again)))


def test_a_secret_across_the_end_of_a_long_text_is_joined() -> None:
    assert found(["x" * 9000 + KEY[:13], KEY[13:] + "y" * 9000])


def test_one_text_has_nothing_to_join() -> None:
    assert joined_pieces([b"x"]) == ()
    assert joined_pieces([]) == ()


@given(st.lists(st.text(max_size=60), max_size=30))
@settings(deadline=None)
def test_random_texts_join_to_no_secret(texts: list[str]) -> None:
    assert not found(texts)
