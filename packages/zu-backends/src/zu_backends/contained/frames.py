"""Frames on a probe's control socket, harness side; see `zu_backends.boxes.selfprobe`."""

import asyncio
import socket
from typing import Final

MAX_BYTES: Final = 1 << 20
_HEAD: Final = 8


async def send(control: socket.socket, body: bytes) -> None:
    """Send one frame.

    Raises:
        ConnectionError: the probe has ended.
    """
    await asyncio.get_running_loop().sock_sendall(control, b"%08x" % len(body) + body)


async def receive(control: socket.socket, at_end: bytes | None = None) -> bytes:
    """Return the next frame, or `at_end` if the stream ends before it.

    Raises:
        ConnectionError: the stream ends, and there is no `at_end`; or it is no frame.
    """
    head = await _exactly(control, _HEAD)
    if not head:
        if at_end is None:
            raise ConnectionError("the probe ended")
        return at_end
    try:
        length = int(head, 16)
    except ValueError:
        length = -1
    if len(head) < _HEAD or not 0 <= length <= MAX_BYTES:
        raise ConnectionError(f"the probe sent no frame but {head!r}")
    body = await _exactly(control, length)
    if len(body) < length:
        raise ConnectionError("the probe ended in the middle of its report")
    return body


async def _exactly(control: socket.socket, count: int) -> bytes:
    """Return `count` bytes, or less where the stream ends."""
    loop, data = asyncio.get_running_loop(), b""
    while len(data) < count:
        piece = await loop.sock_recv(control, min(count - len(data), 65536))
        if not piece:
            break
        data += piece
    return data
