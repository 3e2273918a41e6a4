"""Base64 with padding (RFC 4648, section 4), in its one canonical spelling."""

import binascii


def encode(data: bytes) -> str:
    """Return `data` in base64."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode(text: str) -> bytes:
    """Return what `text` spells.

    Raises:
        ValueError: `text` is not the spelling that `encode` gives.
    """
    data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    if encode(data) != text:
        raise ValueError("its last character has bits that say nothing")
    return data
