"""A box as the gate makes it: network, monitors, canaries and self-probe."""

import secrets
from contextlib import AbstractAsyncContextManager

from zu_backends.boxes.bubblewrap import Spawner
from zu_backends.contained import BubblewrapContainment
from zu_backends.contained.assembly import ContainedBox
from zu_backends.monitors.canary_contents import make_canaries
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec
from zu_core.memory import MemorySink


def open_box(spawner: Spawner) -> AbstractAsyncContextManager[ContainedBox]:
    """Open a box with the empty envelope; its record is kept in memory."""
    recorder = Recorder(EventBus(MemorySink()), trace_id="benchmark", task_id="benchmark")
    spec = BoxSpec(canaries=make_canaries(secrets.token_bytes))
    return BubblewrapContainment(spawner).box(spec, recorder)
