"""The probe travels as text: the image's Python may be another version."""

import socket
import subprocess
import sys

from zu_backends.docker.candidate import LOADER, probe_text


def test_the_loader_runs_the_probe_from_its_text():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LOADER, str(theirs.fileno()), "nonce"],
            pass_fds=[theirs.fileno()],
        )
        for body in (probe_text(), b"e\texec\tnonce"):
            ours.sendall(b"%08x" % len(body) + body)
        assert ours.recv(999)[8:] == b"e\theld\tran"
    process.wait()
