import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_core.errors import ConfigError, IntegrityError
from zu_core.note.signed import (
    MAX_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    parse_note,
    sign_text,
    verify_note,
)

TEXT = "first\n\nthird é\n"

EXAMPLE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
    "ed è subito sera.\n\n— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
"""The example of the specification."""


def test_the_example_of_the_specification_is_read():
    note = parse_note(EXAMPLE.encode())
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    (signature,) = note.signatures
    assert signature.name == "quasimodo.example/salvatore"
    assert (signature.key_id.hex(), len(signature.value)) == ("367ba04b", 64)
    assert note.encode() == EXAMPLE.encode()


def test_a_note_reads_back_and_verifies(log, witness, verifier):
    note = sign_text(TEXT, [log, witness], time=1679315147)
    assert parse_note(note.encode()) == note
    signed = verify_note(note, [witness.key, log.key], verifier)
    assert [(each.key, each.time) for each in signed] == [
        (log.key, None),
        (witness.key, 1679315147),
    ]
    assert verifier.messages == [
        TEXT.encode(),
        f"cosignature/v1\ntime 1679315147\n{TEXT}".encode(),
    ]


def test_unknown_keys_are_ignored(log, witness, verifier):
    note = sign_text(TEXT, [log, witness], time=1)
    broken = Note(note.text, (note.signatures[0], Signature(witness.key.name, b"1234", b"x" * 72)))
    assert len(verify_note(broken, [log.key, witness.key], verifier)) == 1
    renamed = Note(note.text, (Signature("other", log.key.id, b"x" * 64), note.signatures[0]))
    assert len(verify_note(renamed, [log.key], verifier)) == 1


def test_a_note_that_no_known_key_signed_is_refused(log, witness, verifier):
    note = sign_text(TEXT, [log])
    with pytest.raises(IntegrityError, match="no key that is trusted"):
        verify_note(note, [witness.key], verifier)
    with pytest.raises(IntegrityError, match="no key that is trusted"):
        verify_note(note, [], verifier)


@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_signature_of_a_known_key_refuses_the_note(place, log, witness, verifier):
    note = sign_text(TEXT, [log, witness], time=1)
    signatures = list(note.signatures)
    good = signatures[place]
    for value in (good.value[:-1] + b"\0", good.value[:-1], good.value + b"\0", b"x"):
        signatures[place] = Signature(good.name, good.key_id, value)
        with pytest.raises(IntegrityError):
            verify_note(Note(note.text, tuple(signatures)), [log.key, witness.key], verifier)


def test_a_second_signature_of_a_key_counts_once_and_is_checked(log, verifier):
    note = sign_text(TEXT, [log, log])
    assert len(verify_note(note, [log.key], verifier)) == 1
    second = Signature(log.key.name, log.key.id, bytes(64))
    with pytest.raises(IntegrityError):
        verify_note(Note(TEXT, (note.signatures[0], second)), [log.key], verifier)


def test_another_text_is_refused(log, verifier):
    note = sign_text(TEXT, [log])
    with pytest.raises(IntegrityError):
        verify_note(Note(TEXT + "more\n", note.signatures), [log.key], verifier)


def test_the_time_of_a_cosignature_is_signed(witness, verifier):
    note = sign_text(TEXT, [witness], time=5)
    (good,) = note.signatures
    for time in (6, 1 << 63):
        other = Signature(good.name, good.key_id, time.to_bytes(8, "big") + good.value[8:])
        with pytest.raises(IntegrityError):
            verify_note(Note(TEXT, (other,)), [witness.key], verifier)


@pytest.mark.parametrize("time", [None, -1, 1 << 63])
def test_a_cosignature_needs_a_time(witness, time):
    with pytest.raises(ConfigError):
        sign_text(TEXT, [witness], time=time)


@pytest.mark.parametrize("text", ["", "no end", "tab\there\n", "\x00\n"])
def test_a_text_that_is_no_notes_is_not_signed(text, log):
    with pytest.raises(ConfigError):
        sign_text(text, [log])


LINE = "— a AAAAAAA=\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n" + LINE,
        b"text\n\n" + LINE[:-1],
        b"text\n\n" + LINE + b"\n",
        b"text\n\n" + LINE + b"more\n",
        b"te\txt\n\n" + LINE,
        b"te\rxt\n\n" + LINE,
        b"te\xffxt\n\n" + LINE,
        b"text\n\n" + LINE.replace("—".encode(), b"-"),
        b"text\n\n" + LINE.replace(b" a ", b" a  "),
        b"text\n\n" + LINE.replace(b" a ", b"  "),
        b"text\n\n" + LINE.replace(b" a ", b" a+b "),
        b"text\n\n" + LINE.replace(b" a ", b" a b "),
        b"text\n\n" + LINE.replace(b"AAAAAAA=", b"AAAAAA=="),  # no signature behind the id
        b"text\n\n" + LINE.replace(b"AAAAAAA=", b"AAAAAAB="),
        b"text\n\n" + LINE * (MAX_SIGNATURES + 1),
        b"x" * MAX_BYTES + b"\n\n" + LINE,
    ],
)
def test_what_is_no_note_is_refused(data):
    with pytest.raises(IntegrityError):
        parse_note(data)


def test_many_signatures_are_read():
    assert len(parse_note(b"text\n\n" + LINE * MAX_SIGNATURES).signatures) == MAX_SIGNATURES


@given(st.binary(max_size=60), st.text(max_size=20))
def test_what_is_read_has_one_spelling(data, text):
    for candidate in (data, data + b"\n\n" + LINE, text.encode(errors="replace") + b"\n\n" + LINE):
        try:
            note = parse_note(candidate)
        except IntegrityError:
            continue
        assert note.encode() == candidate
