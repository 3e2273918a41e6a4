import pytest

from zu_backends.checkpointing import CheckpointingSink, FileAnchor
from zu_backends.signing import Ed25519Signer, Ed25519Verifier
from zu_backends.sinks.sqlite import SqliteSink
from zu_backends.verify.log import check_log
from zu_core.errors import ConfigError, IntegrityError, Unavailable
from zu_core.memory import MemorySink
from zu_core.note.checkpoint import Checkpoint, Trust, verify_checkpoint
from zu_core.testing import EventSinkSuite, make_event

SIGNER = Ed25519Signer.generate("example.com/log")


class Notes:
    def __init__(self):
        self.sizes = []

    async def keep(self, note, /):
        head = verify_checkpoint(note.encode(), Trust.of([SIGNER.key]), Ed25519Verifier())
        self.sizes.append(head.checkpoint.size)


class TestCheckpointingSink(EventSinkSuite):
    @pytest.fixture(autouse=True)
    def _store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def make_sink(self):
        return CheckpointingSink(SqliteSink(self.path), SIGNER, [Notes()], every=3)


async def test_checkpoints_come_at_intervals_and_at_the_end():
    notes = Notes()
    sink = CheckpointingSink(MemorySink(), SIGNER, [notes], every=4)
    for number in range(10):
        await sink.append(make_event(number))
    await sink.append_many(make_event(number) for number in range(10, 21))
    await sink.append_many(())
    assert notes.sizes == [5, 9, 21]
    await sink.append(make_event(21))
    await sink.close()
    await sink.close()
    assert notes.sizes == [5, 9, 21, 22]


async def test_the_file_is_what_verify_takes(tmp_path):
    store = SqliteSink(tmp_path / "log.db")
    sink = CheckpointingSink(store, SIGNER, [FileAnchor(tmp_path / "head")])
    await sink.append_many(make_event(number) for number in range(300))
    await sink.close()
    signed = verify_checkpoint(
        (tmp_path / "head").read_bytes(), Trust.of([SIGNER.key]), Ed25519Verifier()
    )
    assert check_log(tmp_path / "log.db", [signed.checkpoint]).entries == 300
    assert {path.name for path in tmp_path.iterdir()} == {"log.db", "head"}


async def test_an_anchor_that_fails_loses_no_event_and_is_told_at_the_end(tmp_path):
    store = SqliteSink(tmp_path / "log.db")
    sink = CheckpointingSink(store, SIGNER, [FileAnchor(tmp_path / "none" / "head")], every=1)
    for number in range(3):
        await sink.append(make_event(number))
    with pytest.raises(Unavailable, match="can't be written"):
        await sink.close()
    assert check_log(tmp_path / "log.db").entries == 3


class Rewritten(MemorySink):
    async def checkpoint(self, origin, /):
        head = await super().checkpoint(origin)
        return Checkpoint(origin, head.size, bytes([head.size]) * 32)


async def test_a_store_that_does_not_go_on_from_what_was_signed_is_not_signed():
    notes = Notes()
    sink = CheckpointingSink(Rewritten(), SIGNER, [notes], every=1)
    for number in range(3):
        await sink.append(make_event(number))
    with pytest.raises(IntegrityError):
        await sink.close()
    assert notes.sizes == [2]


def test_checkpoints_are_events_apart():
    with pytest.raises(ConfigError):
        CheckpointingSink(MemorySink(), SIGNER, [], every=0)
