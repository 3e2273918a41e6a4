"""An assembler for classic BPF as seccomp(2) runs it: labels instead of counted offsets.

Instruction set: Documentation/networking/filter.rst; input: struct seccomp_data.
"""

import struct
from typing import Final, NamedTuple

# Offsets in struct seccomp_data.
NUMBER: Final = 0
ARCHITECTURE: Final = 4

_LOAD_WORD: Final = 0x20
_AND: Final = 0x54
_RETURN: Final = 0x06
_JUMP_EQUAL: Final = 0x15
_JUMP_GREATER: Final = 0x25
_JUMP_ANY_BIT: Final = 0x45
_LONGEST_JUMP: Final = 255
_LONGEST_PROGRAM: Final = 4096


def argument(index: int) -> int:
    """Return the offset of the low 32 bits of argument `index` (little endian)."""
    return 16 + 8 * index


class _Instruction(NamedTuple):
    code: int
    value: int
    if_true: str = ""
    if_false: str = ""


class Assembler:
    """Collects instructions; every jump names a label, and "" means the next instruction."""

    def __init__(self) -> None:
        self._instructions: list[_Instruction] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """Name the next instruction.

        Raises:
            ValueError: the name is taken.
        """
        if not name or name in self._labels:
            raise ValueError(f"label {name!r} is empty or taken")
        self._labels[name] = len(self._instructions)

    def load(self, offset: int) -> None:
        """Load the word at `offset` of struct seccomp_data."""
        self._instructions.append(_Instruction(_LOAD_WORD, offset))

    def mask(self, bits: int) -> None:
        """Keep only `bits` of the loaded word."""
        self._instructions.append(_Instruction(_AND, bits))

    def equal(self, value: int, if_true: str = "", if_false: str = "") -> None:
        """Jump by whether the loaded word is `value`."""
        self._instructions.append(_Instruction(_JUMP_EQUAL, value, if_true, if_false))

    def greater(self, value: int, if_true: str = "", if_false: str = "") -> None:
        """Jump by whether the loaded word is above `value`, both unsigned."""
        self._instructions.append(_Instruction(_JUMP_GREATER, value, if_true, if_false))

    def any_bit(self, bits: int, if_true: str = "", if_false: str = "") -> None:
        """Jump by whether the loaded word has any of `bits`."""
        self._instructions.append(_Instruction(_JUMP_ANY_BIT, bits, if_true, if_false))

    def give(self, action: int) -> None:
        """End with `action` (SECCOMP_RET_*)."""
        self._instructions.append(_Instruction(_RETURN, action))

    def assemble(self) -> bytes:
        """Return the program as an array of struct sock_filter.

        Raises:
            ValueError: a label is missing, lies behind its jump or too far ahead, the
                program is too long or does not end with an action.
        """
        program = self._instructions
        if not program or program[-1].code != _RETURN or len(program) > _LONGEST_PROGRAM:
            raise ValueError("a program has 1 to 4096 instructions and ends with an action")
        return b"".join(
            struct.pack(
                "=HBBI",
                one.code,
                self._distance(place, one.if_true),
                self._distance(place, one.if_false),
                one.value & 0xFFFF_FFFF,
            )
            for place, one in enumerate(program)
        )

    def _distance(self, place: int, label: str) -> int:
        if not label:
            return 0
        if label not in self._labels:
            raise ValueError(f"label {label!r} is not defined")
        distance = self._labels[label] - place - 1
        if not 0 <= distance <= _LONGEST_JUMP:
            raise ValueError(f"label {label!r} is {distance} instructions away")
        return distance
