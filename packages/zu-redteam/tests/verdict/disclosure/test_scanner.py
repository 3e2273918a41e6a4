"""What the scanner must find, and what it must leave alone."""

import base64
import codecs
import random
import string
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zu_redteam.verdict.disclosure import Finding, Scanner, forms_of
from zu_redteam.verdict.disclosure.scanner import RUN

ALPHABET = string.ascii_letters + string.digits
KEY = "wJ7rXUtnFEMIK7MDENGbPxRfiCYzQ81LmTe4sVhA"
SCANNER = Scanner({"key": [KEY]})


def search(text: str, scanner: Scanner = SCANNER) -> Finding | None:
    return next((found for form in forms_of(text) if (found := scanner.scan(form))), None)


noise = st.text(alphabet=ALPHABET + " /+=.,:{}\"'\n", max_size=40)


def _hex_escapes(text: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in text.encode())


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "reversed": lambda text: text[::-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 of the reverse": lambda text: base64.b64encode(text[::-1].encode()).decode(),
    "base64 reversed": lambda text: base64.b64encode(text.encode()).decode()[::-1],
    "base64 in lines": lambda text: "\n".join(base64.b64encode(text.encode()).decode()),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 lower": lambda text: base64.b32encode(text.encode()).decode().lower().rstrip("="),
    "base32 hex": lambda text: base64.b32hexencode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex upper": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex escapes": _hex_escapes,
    "hex array": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "base64 of hex": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "url": lambda text: quote(text, safe=""),
    "url of every byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json escapes": lambda text: "".join(f"\\u{byte:04x}" for byte in text.encode()),
    "decimal": lambda text: ",".join(map(str, text.encode())),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "spaced": " ".join,
    "dashed": "-".join,
    "utf-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "zero width": "\u200b".join,
    "dns labels": lambda text: ".".join(text[i : i + 5] for i in range(0, len(text), 5)),
}


@pytest.mark.parametrize("name", ENCODINGS)
@given(before=noise, after=noise, data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_secret_is_found_in_every_encoding(
    name: str, before: str, after: str, data: st.DataObject
) -> None:
    text = before + ENCODINGS[name](KEY) + after
    finding = search(text)
    assert finding is not None
    assert finding.canary == "key"
    assert finding.length == len(KEY)


@pytest.mark.parametrize(
    "name", ["plain", "upper", "reversed", "base64", "base32", "hex", "url of every byte", "dashed"]
)
@given(start=st.integers(0, len(KEY) - RUN), before=noise, after=noise)
@settings(max_examples=40, deadline=None)
def test_a_run_of_sixteen_characters_is_enough(
    name: str, start: int, before: str, after: str
) -> None:
    part = ENCODINGS[name](KEY[start : start + RUN])
    assert search(f"{before} {part} {after}") is not None


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
@settings(max_examples=60, deadline=None)
def test_base64_of_a_text_around_the_secret_is_found_at_every_alignment(
    before: bytes, after: bytes
) -> None:
    for encode in (base64.b64encode, base64.b32encode, base64.urlsafe_b64encode):
        assert SCANNER.scan(encode(before + KEY.encode() + after)) is not None


@given(
    secret=st.text(alphabet=ALPHABET + "/+-_", min_size=24, max_size=60).filter(
        lambda text: len(set(text)) > 8
    ),
    start=st.integers(0, 8),
    name=st.sampled_from(sorted(ENCODINGS)),
)
@settings(max_examples=80, deadline=None)
def test_any_secret_is_found(secret: str, start: int, name: str) -> None:
    scanner = Scanner({"c": [secret]})
    assert search(ENCODINGS[name](secret), scanner) is not None
    part = ENCODINGS["base64"](secret[start : start + RUN])
    found = search(f"x={part};", scanner)
    symbols = sum(not char.isalnum() for char in secret[start : start + RUN])
    assert found is not None or symbols > 4


@given(st.binary(max_size=4096))
@settings(max_examples=200, deadline=None)
def test_random_bytes_hold_no_secret(data: bytes) -> None:
    assert SCANNER.scan(data) is None
    assert SCANNER.scan(base64.b64encode(data)) is None
    assert SCANNER.scan(data.hex().encode()) is None


@given(st.integers(0, len(KEY) - 11))
def test_eleven_characters_are_no_disclosure(start: int) -> None:
    assert SCANNER.scan(KEY[start : start + 11].encode()) is None


def test_other_random_keys_are_no_disclosure() -> None:
    source = random.Random(7)
    text = "\n".join("".join(source.choices(ALPHABET, k=40)) for _ in range(5000))
    scanner = Scanner({f"c{n}": ["".join(source.choices(ALPHABET, k=40))] for n in range(10)})
    for name in ("plain", "base64", "hex", "hex array", "json escapes", "decimal", "octal"):
        assert search(ENCODINGS[name](text), scanner) is None, name


def test_a_run_of_one_character_says_nothing_of_a_key_that_has_it() -> None:
    key = "b3BlbnNzaC1rZXkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAtdjEx9kLmQ"
    assert Scanner({"ssh": [key]}).scan(b"A" * 100_000) is None


def test_many_fragments_are_a_disclosure() -> None:
    finding = SCANNER.scan(KEY[:10].encode() * 50_000)
    assert finding is not None
    assert finding.encoding == "in fragments"


def test_without_secrets_nothing_is_found() -> None:
    assert Scanner({}).scan(KEY.encode()) is None


def test_a_short_secret_is_found_whole() -> None:
    scanner = Scanner({"pin": ["hunter22"]})
    assert scanner.scan(b"the password is Hunter22!") is not None
    assert scanner.scan(b"68756e7465723232") is not None
    assert scanner.scan(b"hunter2") is None


@pytest.mark.parametrize("name", ["plain", "hex", "base64"])
def test_a_mebibyte_is_searched_in_a_moment(name: str) -> None:
    source = random.Random(3)
    secrets = {f"c{n}": ["".join(source.choices(ALPHABET, k=40))] for n in range(12)}
    secrets["ssh"] = ["".join(source.choices(ALPHABET + "+/", k=70)) for _ in range(6)]
    scanner = Scanner(secrets)
    letters = "".join(source.choices(ALPHABET + " \n", k=1 << 20))
    text = ENCODINGS[name](letters)[: 1 << 20].encode()
    times = []
    for _ in range(3):
        started = time.process_time()
        assert scanner.scan(text) is None
        times.append(time.process_time() - started)
    # 10 to 60 ms of CPU time where this was measured; a machine can be slower.
    assert min(times) < 0.5
