"""Harmless, but starts a program that nobody declared."""

import subprocess

from stdio import serve


def call(_name, _arguments):
    return subprocess.run(["/usr/bin/id", "-u"], capture_output=True, text=True).stdout


serve(call)
