import pytest

from zu_redteam.mcp.conversation import CouldNotRun, converse
from zu_redteam.mcp.patience import Patience


async def protocol(program, recorder, **options):
    patience = Patience(discover=0.5, start=3.0)
    async with converse(program, recorder, patience, output_limit=1 << 20, **options) as found:
        return found.protocol


@pytest.mark.parametrize(
    ("behaviour", "version"),
    [("old", "2024-11-05"), ("current", "2025-11-25"), ("modern.py", "2026-07-28")],
)
async def test_the_newest_common_version_is_agreed_on(launch, recorder, behaviour, version):
    assert await protocol(await launch(behaviour), recorder) == version


async def test_silence_to_the_discovery_means_the_handshake(launch, recorder):
    assert await protocol(await launch("deaf-to-discovery"), recorder) == "2025-11-25"


async def test_a_target_that_ends_at_the_discovery_is_told_as_closed(launch, recorder):
    with pytest.raises(CouldNotRun) as caught:
        await protocol(await launch("dies-at-discovery"), recorder)
    assert caught.value.closed
    again = await launch("dies-at-discovery")
    assert await protocol(again, recorder, discover=False) == "2025-11-25"


async def test_a_version_that_nobody_speaks_is_refused(launch, recorder):
    with pytest.raises(CouldNotRun, match="1999-01-01") as caught:
        await protocol(await launch("ancient"), recorder)
    assert not caught.value.closed
