"""What all payloads share."""

from typing import Any, ClassVar

import msgspec


class Payload(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Base of all payload types.

    Attributes:
        ctx: fields of consumers (ZU-AUDIT-3); the harness writes them but reads none.
    """

    TYPE: ClassVar[str] = ""

    ctx: dict[str, Any] = {}
