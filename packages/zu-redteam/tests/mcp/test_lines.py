from hypothesis import given
from hypothesis import strategies as st

from zu_redteam.mcp.lines import Line, LineSplitter, Overlong


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 30))
def test_lines_are_those_of_the_whole_whatever_the_chunks(chunks, limit):
    splitter = LineSplitter(limit)
    found = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.end()
    parts = b"".join(chunks).split(b"\n")
    expected = parts if parts[-1] else parts[:-1]
    assert len(found) == len(expected)
    for line, part in zip(found, expected, strict=True):
        if len(part) <= limit:
            assert line == Line(part.rstrip(b"\r"))
        else:
            assert isinstance(line, Overlong)
            assert line.size == len(part)
            assert part.startswith(line.head)
            assert part.endswith(line.tail)


def test_an_overlong_line_is_not_held():
    splitter = LineSplitter(1000)
    for _ in range(1000):
        splitter.feed(b"x" * 1000)
    assert sum(map(len, splitter._parts)) <= 2000
    long, after = splitter.feed(b"tail\nnext\n")
    assert long.tail.endswith(b"xxxtail")
    assert after == Line(b"next")
