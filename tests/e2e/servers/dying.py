"""Ends with success in the middle of an attack."""

import os

from stdio import serve


def call(_name, arguments):
    if len(str(arguments.get("text"))) > 5000:
        os._exit(0)
    return "fine"


serve(call)
