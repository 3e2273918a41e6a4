"""Breaks the rule of the effects observer and no other: renders templates in its argument."""

import re

from stdio import serve


def call(_name, arguments):
    text = str(arguments.get("text"))
    return re.sub(r"\{\{\s*(\d+)\s*\*\s*(\d+)\s*\}\}", lambda m: str(int(m[1]) * int(m[2])), text)


serve(call)
