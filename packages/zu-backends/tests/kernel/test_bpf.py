"""Labels become offsets, and what can't be encoded is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.kernel.bpf import NUMBER, Assembler, argument


def fields(program):
    return [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]


def test_jumps_count_from_the_next_instruction():
    asm = Assembler()
    asm.load(NUMBER)
    asm.equal(7, if_true="end", if_false="")
    asm.give(1)
    asm.label("end")
    asm.give(2)
    assert fields(asm.assemble()) == [(0x20, 0, 0, 0), (0x15, 1, 0, 7), (6, 0, 0, 1), (6, 0, 0, 2)]


def test_arguments_are_the_low_words_of_six_registers():
    assert [argument(index) for index in range(6)] == [16, 24, 32, 40, 48, 56]


@given(st.integers(0, 400))
def test_a_jump_is_at_most_255_instructions_long(between):
    asm = Assembler()
    asm.equal(1, if_true="end")
    for _ in range(between):
        asm.load(NUMBER)
    asm.label("end")
    asm.give(0)
    if between <= 255:
        assert fields(asm.assemble())[0][1] == between
    else:
        with pytest.raises(ValueError, match="instructions away"):
            asm.assemble()


def test_what_is_no_program_is_refused():
    empty, backward, unknown, endless = Assembler(), Assembler(), Assembler(), Assembler()
    backward.label("start")
    backward.equal(1, if_true="start")
    backward.give(0)
    unknown.equal(1, if_true="nowhere")
    unknown.give(0)
    endless.load(NUMBER)
    for one in (empty, backward, unknown, endless):
        with pytest.raises(ValueError):  # noqa: PT011 - four messages
            one.assemble()
    with pytest.raises(ValueError, match="taken"):
        backward.label("start")
