"""Breaks the rule of the resources observer and no other: spins on input that is long."""

from stdio import serve


def call(_name, arguments):
    while len(str(arguments.get("text"))) > 2000:
        pass
    return "fine"


serve(call)
