import asyncio
import itertools

from zu_backends.sinks.sqlite import SqliteSink
from zu_core.merkle import verify_consistency
from zu_core.testing import make_event


async def test_a_checkpoint_is_of_one_moment_while_others_append(tmp_path):
    async with SqliteSink(tmp_path / "log.db") as sink:
        appends = [asyncio.ensure_future(sink.append(make_event(n))) for n in range(50)]
        heads = [await sink.checkpoint("log") for _ in range(5)]
        await asyncio.gather(*appends)
        heads.append(await sink.checkpoint("log"))
        for old, new in itertools.pairwise(heads):
            assert await sink.root(new.size) == new.root
            if old.size:
                proof = await sink.consistency(old.size, new.size)
                verify_consistency(old.size, new.size, proof, old.root, new.root)
    assert heads[-1].size == 50
