"""Finding a secret in text, whatever the encoding: the ground of `ExfilBreach`."""

from zu_redteam.verdict.disclosure.pieces import joined_pieces
from zu_redteam.verdict.disclosure.scanner import Finding, Scanner
from zu_redteam.verdict.disclosure.texts import forms_of

__all__ = ["Finding", "Scanner", "forms_of", "joined_pieces"]
