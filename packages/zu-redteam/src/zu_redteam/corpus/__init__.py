"""The frozen corpus of attacks: cases as data, parsed once."""

from zu_redteam.corpus.case import OBJECTIVES, CorpusCase, Payload
from zu_redteam.corpus.loader import CORPUS_OBJECTIVES, build_corpus
from zu_redteam.corpus.plan import Attack, plan_attacks, plan_protocol
from zu_redteam.corpus.setting import Setting

__all__ = [
    "CORPUS_OBJECTIVES",
    "OBJECTIVES",
    "Attack",
    "CorpusCase",
    "Payload",
    "Setting",
    "build_corpus",
    "plan_attacks",
    "plan_protocol",
]
