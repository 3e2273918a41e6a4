import asyncio
import sys

import pytest

import zu_redteam


def test_every_exported_name_is_there():
    assert sorted(zu_redteam._HOMES) == sorted(zu_redteam.__all__)
    for name in zu_redteam.__all__:
        assert getattr(zu_redteam, name) is not None
    assert set(zu_redteam.__all__) <= set(dir(zu_redteam))


def test_the_names_that_users_rely_on_are_exported():
    assert {
        "Breach", "CORPUS_OBJECTIVES", "CorpusCase", "DescriptionBreach", "EgressBreach",
        "ExfilBreach", "GateVerdict", "HostEffectBreach", "OBJECTIVES", "ObservedRun",
        "ProvenanceBreach", "ResourceBreach", "build_corpus", "default_observers",
        "gate_target", "is_internal_host", "judge", "render_verdict",
    } <= set(zu_redteam.__all__)  # fmt: skip


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = zu_redteam.nothing_of_the_kind


@pytest.mark.parametrize("module", ["zu_redteam", "zu_redteam.corpus", "zu_redteam.calls"])
async def test_the_client_is_not_loaded_before_it_is_needed(module):
    heavy = {"mcp", "pydantic", "rich", "jinja2"}
    program = f"import sys, {module}; sys.exit(not {heavy}.isdisjoint(sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0


def test_an_attacker_knows_no_judge():
    from pathlib import Path

    root = Path(zu_redteam.__file__).parent
    judges = ("zu_redteam.verdict", "zu_redteam.report")
    for folder in ("mcp", "calls", "corpus", "run"):
        for source in (root / folder).rglob("*.py"):
            text = source.read_text("utf-8")
            assert not any(name in text for name in judges), source
    assert not any(name in (root / "gate.py").read_text("utf-8") for name in judges)
