"""One thing that a box rests on, and how this machine stands to it."""

from typing import Literal

import msgspec

State = Literal["ok", "missing", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        state: "unknown" where it could not be found out, which is no "missing".
        found: what was seen: a version, numbers, the error of the attempt.
        remedy: what to do about it; empty where nothing is to be done.
        needed: whether the default tier rests on it.
    """

    name: str
    state: State
    found: str
    remedy: str = ""
    needed: bool = True
