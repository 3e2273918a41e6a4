"""What a script's first lines ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zu_backends.boxes.shebang import Interpreter, parse_shebang, parse_venv_home


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (b"#!/usr/bin/python3\nimport os", Interpreter("/usr/bin/python3")),
        (b"#! /bin/sh -e\n", Interpreter("/bin/sh")),
        (b"#!/usr/bin/env node\n", Interpreter("node", True)),
        (b"#!/usr/bin/env -S node --flag\n", Interpreter("node", True)),
        (b"#!/usr/bin/env -S A=1 B=2 deno run\n", Interpreter("deno", True)),
        (b"#!/usr/bin/env /opt/x/bin/python\n", Interpreter("/opt/x/bin/python", False)),
        (b"#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n", Interpreter("/a b/python")),
        (b"#!/bin/sh\n'''exec' /long/python \"$0\" \"$@\"\n' '''\n", Interpreter("/long/python")),
        (b"#!/bin/sh\necho", Interpreter("/bin/sh")),
        (b"#!\n", None),
        (b"#!/usr/bin/env\n", None),
        (b"\x7fELF", None),
        (b"", None),
    ],
)
def test_interpreters(head, wanted):
    assert parse_shebang(head) == wanted


@given(st.binary(max_size=100))
def test_any_file_has_an_answer(data):
    parse_shebang(b"#!" + data)
    parse_shebang(b"#!/bin/sh\n'''exec' " + data + b' "$0" "$@"\n')


def test_home_of_a_virtual_environment():
    assert parse_venv_home("version = 3.12\nHome = /opt/py/bin \n") == "/opt/py/bin"
    assert parse_venv_home("homes = /x\nno equals sign") == ""
