"""What a trapped system call asks for, from its arguments and the caller's memory.

No call is made here: memory, paths and lookups come from `Caller`. All that is read is the
caller's and may change before the kernel reads it again (seccomp_unotify(2)).
"""

import os
import struct
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from zu_backends.monitors.sockaddr import UNREADABLE as UNREADABLE_ADDRESS
from zu_backends.monitors.sockaddr import parse_sockaddr
from zu_core.events.box import Connected, Executed, OpenedForWrite

UNREADABLE: Final = "<unreadable>"
MAX_ARGUMENTS: Final = 64
MAX_ARGUMENTS_BYTES: Final = 16 * 1024
PATH_MAX: Final = 4096
# sizeof(struct sockaddr_storage); the kernel refuses longer ones (connect(2), EINVAL).
SOCKADDR_MAX: Final = 128
AT_FDCWD: Final = -100
AT_EMPTY_PATH: Final = 0x1000
_POINTER: Final = struct.Struct("=Q")

CallEffect = Executed | Connected | OpenedForWrite


class Caller(Protocol):
    """The thread that made the call."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def parent_pid(self) -> int:
        """The process id of its parent."""
        ...

    def read(self, address: int, length: int) -> bytes:
        """Return 1 to `length` bytes of its memory.

        Raises:
            OSError: the first byte can't be read.
        """
        ...

    def directory(self, descriptor: int) -> bytes | None:
        """The path in the box of a descriptor, or of AT_FDCWD; None if it can't be told."""
        ...

    def missing(self, path: bytes) -> int:
        """The errno for which an absolute path surely can't be opened; 0 if it may exist."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """What was asked for, and `missing`: an errno if it can't be had, else 0."""

    effect: CallEffect
    missing: int = 0


def decode(name: str, arguments: Sequence[int], caller: Caller) -> Asked:
    """Return what the call `name` with its six raw arguments asks for.

    Raises:
        ValueError: no monitor knows this call.
    """
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise ValueError(f"system call {name!r} was trapped but nobody reads it")
    return decoder(arguments, caller)


def _execve(arguments: Sequence[int], caller: Caller) -> Asked:
    path = _path(caller, AT_FDCWD, arguments[0])
    return _executed(path, arguments[1], caller)


def _execveat(arguments: Sequence[int], caller: Caller) -> Asked:
    flags = arguments[4] & 0xFFFFFFFF
    path = _path(
        caller, _int(arguments[0]), arguments[1], empty_is_descriptor=bool(flags & AT_EMPTY_PATH)
    )
    return _executed(path, arguments[2], caller)


def _executed(path: "_Path", argv_address: int, caller: Caller) -> Asked:
    argv, truncated = read_arguments(caller.read, argv_address)
    missing = caller.missing(path.raw) if path.resolvable else 0
    return Asked(
        Executed(
            path=path.text,
            argv=argv,
            pid=caller.pid,
            parent_pid=caller.parent_pid,
            found=not missing,
            truncated=truncated or path.truncated,
        ),
        missing,
    )


def _connect(arguments: Sequence[int], caller: Caller) -> Asked:
    length = min(max(_int(arguments[2]), 0), SOCKADDR_MAX)
    try:
        address = parse_sockaddr(_read_up_to(caller.read, arguments[1], length))
    except OSError:
        address = UNREADABLE_ADDRESS
    return Asked(Connected(family=address.family, address=address.text, pid=caller.pid))


def _openat(arguments: Sequence[int], caller: Caller) -> Asked:
    path = _path(caller, _int(arguments[0]), arguments[1])
    return Asked(OpenedForWrite(path=path.text, pid=caller.pid))


def _open(arguments: Sequence[int], caller: Caller) -> Asked:
    return _openat((AT_FDCWD & 0xFFFFFFFF, arguments[0]), caller)


_DECODERS: Final[Mapping[str, Callable[[Sequence[int], Caller], Asked]]] = MappingProxyType(
    {
        "execve": _execve,
        "execveat": _execveat,
        "connect": _connect,
        "openat": _openat,
        "open": _open,
        "creat": _open,
    }
)


class _Path(msgspec.Struct, frozen=True):
    """A path as the caller means it.

    Attributes:
        raw: joined with its directory where that is known.
        resolvable: whether `raw` is absolute and whole.
    """

    raw: bytes
    resolvable: bool = False
    truncated: bool = False

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "backslashreplace")


def _path(
    caller: Caller, descriptor: int, address: int, *, empty_is_descriptor: bool = False
) -> _Path:
    try:
        raw, truncated = read_string(caller.read, address, PATH_MAX)
    except OSError:
        return _Path(UNREADABLE.encode())
    if raw.startswith(b"/"):
        return _Path(raw, resolvable=not truncated, truncated=truncated)
    directory = caller.directory(descriptor) if raw or empty_is_descriptor else None
    if directory is None:
        return _Path(raw, truncated=truncated)
    if not raw:
        return _Path(directory)
    joined = os.path.join(directory, raw)
    return _Path(joined, resolvable=joined.startswith(b"/") and not truncated, truncated=truncated)


def read_string(read: Callable[[int, int], bytes], address: int, limit: int) -> tuple[bytes, bool]:
    """Return the bytes before the NUL at `address`, and whether they were cut at `limit`.

    Raises:
        OSError: memory before the NUL can't be read.
    """
    raw = b""
    while len(raw) < limit:
        part = read(address + len(raw), min(256, limit - len(raw)))
        end = part.find(b"\0")
        if end >= 0:
            return raw + part[:end], False
        raw += part
    return raw, True


def read_arguments(read: Callable[[int, int], bytes], address: int) -> tuple[tuple[str, ...], bool]:
    """Return an argv, and whether it is not the whole one.

    At most MAX_ARGUMENTS strings and MAX_ARGUMENTS_BYTES are read. An argument that
    can't be read is `UNREADABLE`. A null pointer is an empty argv (execve(2)).
    """
    arguments: list[str] = []
    room = MAX_ARGUMENTS_BYTES
    if not address:
        return (), False
    for index in range(MAX_ARGUMENTS + 1):
        try:
            raw = _read_up_to(read, address + index * _POINTER.size, _POINTER.size)
            (pointer,) = _POINTER.unpack(raw)
            if not pointer:
                return tuple(arguments), False
            if index == MAX_ARGUMENTS or not room:
                break
            value, cut = read_string(read, pointer, room)
        except (OSError, struct.error):
            return (*arguments, UNREADABLE), True
        arguments.append(value.decode("utf-8", "backslashreplace"))
        room -= len(value)
        if cut:
            break
    return tuple(arguments), True


def _read_up_to(read: Callable[[int, int], bytes], address: int, length: int) -> bytes:
    """Read `length` bytes, fewer only where the memory ends."""
    raw = b""
    while len(raw) < length:
        try:
            raw += read(address + len(raw), length - len(raw))
        except OSError:
            if not raw:
                raise
            break
    return raw


def _int(register: int) -> int:
    """The C int in the low half of a register."""
    value = register & 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value
