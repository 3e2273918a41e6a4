"""Prints text before and between its messages, as many honest servers do."""

import sys

from stdio import serve

print("Starting up...", flush=True)
print("\x1b[32mlistening\x1b[0m on stdio", flush=True)


def call(_name, _arguments):
    print("handling a call", flush=True)
    print("log line", file=sys.stderr, flush=True)
    return "fine"


serve(call)
