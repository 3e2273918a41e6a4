"""A harness that is about to die: opens boxes one after another and runs programs in them."""

import asyncio
import sys

from zu_backends.boxes.bubblewrap import Spawner
from zu_backends.contained import BubblewrapContainment
from zu_core.bus import EventBus, Recorder
from zu_core.contracts import BoxSpec, Canary
from zu_core.memory import MemorySink

SPEC = BoxSpec(canaries=(Canary(name="n", path=".netrc", content="x", secrets=("x",)),))
SCRIPT = "setsid sleep 600 & (exec sleep 600 < /dev/null > /dev/null 2>&1 &) ; echo x > f; wait"


async def main() -> None:
    recorder = Recorder(EventBus(MemorySink()), trace_id="t", task_id="k")
    async with await Spawner.start() as spawner:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            async with BubblewrapContainment(spawner).box(SPEC, recorder) as box:
                await box.start(["/bin/sh", "-c", SCRIPT])
                await asyncio.sleep(0.02)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
