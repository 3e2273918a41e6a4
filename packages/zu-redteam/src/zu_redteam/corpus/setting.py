"""What the attacks of one run are made for: the box's paths, its canaries, the seed."""

import hashlib
from dataclasses import dataclass

from zu_core.contracts import Canary
from zu_redteam.calls.places import Places


@dataclass(frozen=True, slots=True)
class Setting:
    """The values that placeholders of payloads stand for, except for those of one call.

    Attributes:
        places: paths in the box.
        canaries: what is planted; `path` relative to the home of the box.
        seed: decides markers and numbers; the same seed makes the same run.
    """

    places: Places
    canaries: tuple[Canary, ...] = ()
    seed: int = 0

    def canary(self, name: str) -> Canary | None:
        """Return the canary of this name or path; None where it is not planted."""
        return next((one for one in self.canaries if name in (one.name, one.path)), None)

    def token(self, *parts: object) -> str:
        """Return 12 letters that no honest text contains, made from the seed and `parts`."""
        text = "\0".join(map(str, (self.seed, *parts)))
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()
        return "q" + "".join(chr(97 + byte % 26) for byte in digest[:11])

    def number(self, *parts: object) -> int:
        """Return a number of five digits, made from the seed and `parts`."""
        text = "\0".join(map(str, (self.seed, "number", *parts)))
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()
        return 10_007 + int.from_bytes(digest[:4], "big") % 89_000
