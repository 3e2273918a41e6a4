import msgspec
import pytest

from zu_redteam.corpus.case import OBJECTIVES, CorpusCase, Payload


def test_objectives_are_those_of_the_attackers():
    assert OBJECTIVES == (
        "envelope", "exfil", "escape", "provenance", "deputy", "dos", "defeat_judge", "pivot",
    )  # fmt: skip


def test_a_case_is_frozen():
    with pytest.raises(AttributeError):
        Payload(text="a").text = "b"


def test_several_problems_are_told_one_at_a_time():
    with pytest.raises(msgspec.ValidationError, match="the id is not"):
        msgspec.convert(
            {"id": "X", "title": "t", "objective": "exfil", "classes": ["CWE-1"], "twin": 1,
             "severity": "low", "advice": "a", "payloads": [{"text": "x"}]},
            CorpusCase,
        )  # fmt: skip
