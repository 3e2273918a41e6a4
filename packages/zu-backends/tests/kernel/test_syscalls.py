"""The table agrees with the headers of this machine, where they are installed."""

import re
from pathlib import Path

import pytest

from zu_backends.kernel.syscalls import (
    AARCH64,
    X86_64,
    architecture_named,
    this_architecture,
)
from zu_core.errors import Unavailable

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda one: one.name)
def test_numbers_are_those_of_the_headers(machine):
    path = next((Path(one) for one in HEADERS[machine.name] if Path(one).exists()), None)
    if path is None:
        pytest.skip(f"no kernel headers for {machine.name}")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text()))
    known = {name: number for name, number in machine.numbers.items() if name in found}
    assert len(known) > 70
    assert known == {name: int(found[name]) for name in known}


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda one: one.name)
def test_a_number_has_one_name(machine):
    assert len(set(machine.numbers.values())) == len(machine.numbers)
    for name, number in machine.numbers.items():
        assert machine.call_name(number) == name
    assert machine.call_name(9999) == "#9999"


def test_an_unknown_processor_is_named():
    with pytest.raises(Unavailable, match="riscv64"):
        architecture_named("riscv64")


def test_this_machine_is_known():
    assert this_architecture() in (X86_64, AARCH64)
