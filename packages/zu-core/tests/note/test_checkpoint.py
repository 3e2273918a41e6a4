import pytest

from zu_core.errors import ConfigError, IntegrityError
from zu_core.merkle import EMPTY_ROOT
from zu_core.note.checkpoint import Checkpoint, Trust, sign_checkpoint, verify_checkpoint
from zu_core.note.signed import Note, sign_text

EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
"""The example of the specification."""

HEAD = Checkpoint("example.com/log", 7, b"r" * 32)


def test_the_example_of_the_specification_is_read():
    checkpoint = Checkpoint.parse(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == EXAMPLE


def test_extensions_are_kept():
    checkpoint = Checkpoint.parse(EXAMPLE + "more\nand more\n")
    assert checkpoint.extensions == ("more", "and more")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20852163", "020852163"),
        ("20852163", "+20852163"),
        ("20852163", "20852163 "),
        ("20852163", "-1"),
        ("20852163", ""),
        ("20852163", "٣"),
        ("20852163", str(1 << 63)),
        ("20852163", "0"),  # with the root of a tree that has leaves
        ("q2I=", "q2J="),
        ("q2I=", "q2I"),
        ("CsUY", ""),
        ("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", ""),
        ("example.com/behind-the-sofa", ""),
        ("q2I=\n", "q2I=\n\n"),
    ],
)
def test_what_is_no_checkpoint_is_refused(old, new):
    with pytest.raises(IntegrityError):
        Checkpoint.parse(EXAMPLE.replace(old, new))


def test_a_signed_checkpoint_verifies(log, witness, verifier):
    note = sign_checkpoint(HEAD, [log, witness], time=9)
    signed = verify_checkpoint(note.encode(), Trust.of([log.key, witness.key]), verifier)
    assert signed.checkpoint == HEAD
    assert [each.time for each in signed.signed] == [None, 9]


def test_an_empty_log_has_a_checkpoint(log, verifier):
    head = Checkpoint("example.com/log", 0, EMPTY_ROOT)
    note = sign_checkpoint(head, [log])
    assert verify_checkpoint(note.encode(), Trust.of([log.key]), verifier).checkpoint == head


def test_witnesses_alone_are_not_enough(log, witness, verifier):
    note = sign_checkpoint(HEAD, [witness], time=9)
    with pytest.raises(IntegrityError, match="has not signed"):
        verify_checkpoint(note.encode(), Trust.of([log.key, witness.key]), verifier)


def test_the_origin_is_the_name_of_the_key_that_signs(log, verifier):
    note = sign_checkpoint(Checkpoint("example.com/other", 7, b"r" * 32), [log])
    with pytest.raises(IntegrityError, match="has not signed"):
        verify_checkpoint(note.encode(), Trust.of([log.key]), verifier)


def test_each_known_witness_is_asked_for_unless_a_quorum_is_named(
    log, witness, other_witness, verifier
):
    note = sign_checkpoint(HEAD, [log, witness], time=9).encode()
    keys = [log.key, witness.key, other_witness.key]
    with pytest.raises(IntegrityError, match="1 witnesses have cosigned it, 2"):
        verify_checkpoint(note, Trust.of(keys), verifier)
    verify_checkpoint(note, Trust.of(keys, quorum=1), verifier)
    verify_checkpoint(note, Trust.of(keys, quorum=0), verifier)


def test_a_witness_counts_once(log, witness, other_witness, verifier):
    once = sign_checkpoint(HEAD, [log, witness], time=9)
    again = sign_checkpoint(HEAD, [witness], time=10)
    note = Note(once.text, once.signatures + again.signatures).encode()
    trust = Trust.of([log.key, witness.key, other_witness.key])
    with pytest.raises(IntegrityError, match="1 witnesses"):
        verify_checkpoint(note, trust, verifier)


def test_a_signed_text_that_is_no_checkpoint_is_refused(log, verifier):
    note = sign_text("example.com/log\n7\n", [log])
    with pytest.raises(IntegrityError, match="three lines"):
        verify_checkpoint(note.encode(), Trust.of([log.key]), verifier)


def test_trust_needs_a_log_and_as_many_witnesses_as_are_asked_for(log, witness):
    with pytest.raises(ConfigError, match="no key of a log"):
        Trust.of([witness.key])
    for quorum in (-1, 2):
        with pytest.raises(ConfigError, match="cosignatures"):
            Trust.of([log.key, witness.key], quorum=quorum)
    assert Trust.of([log.key, witness.key, witness.key]).quorum == 1


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, b"r" * 32),
        Checkpoint("a\nb", 1, b"r" * 32),
        Checkpoint("a", -1, b"r" * 32),
        Checkpoint("a", 1, b"r"),
        Checkpoint("a", 0, b"r" * 32),
        Checkpoint("a", 1, b"r" * 32, ("",)),
    ],
)
def test_what_would_not_read_back_is_not_signed(checkpoint, log):
    with pytest.raises(ConfigError):
        sign_checkpoint(checkpoint, [log])
