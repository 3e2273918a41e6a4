"""The proxies that Zu's is measured beside: found on PATH, each started with its defaults."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ("tinyproxy", "mitmproxy", "proxy.py")
_EXECUTABLES = {"tinyproxy": "tinyproxy", "mitmproxy": "mitmdump", "proxy.py": "proxy"}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a target: `port` 0 is the direct one, a negative port takes no CONNECT."""

    name: str
    port: int
    pids: tuple[int, ...] = ()


@dataclass(slots=True)
class Started:
    """Processes that run until the end of the measurement."""

    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start `command`, with pipes."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def module(self, name: str, *arguments: object) -> tuple[subprocess.Popen[str], str]:
        """Start a module of this package; return the first line that it prints."""
        process = self.start([sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)])
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


@contextlib.contextmanager
def processes() -> Iterator[Started]:
    """Processes that end with the block."""
    started = Started()
    try:
        yield started
    finally:
        started.stop()


def find() -> dict[str, str]:
    """The proxies that are installed, by name."""
    found = {name: shutil.which(_EXECUTABLES[name]) for name in NAMES}
    return {name: path for name, path in found.items() if path is not None}


def start(name: str, path: str, started: Started, directory: str) -> Way:
    """Start one of them; returns when it accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = started.start(_command(name, path, port, directory))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return Way(name, port, (process.pid,))
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not start")


def _command(name: str, path: str, port: int, directory: str) -> list[str]:
    if name == "tinyproxy":
        settings = Path(directory) / "tinyproxy.conf"
        settings.write_text(
            f"Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 4096\nLogLevel Critical\n"
        )
        return [path, "-d", "-c", str(settings)]
    if name == "mitmproxy":
        directory_option = ["--set", f"confdir={directory}"]
        listen = ["--listen-host", "127.0.0.1", "--listen-port", str(port)]
        return [path, "-q", *listen, "--ignore-hosts", ".*", *directory_option]
    listen = ["--hostname", "127.0.0.1", "--port", str(port)]
    return [path, *listen, "--log-level", "CRITICAL", "--data-dir", tempfile.mkdtemp(dir=directory)]


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of the processes and their living children, proc_pid_stat(5)."""
    total, waiting = 0.0, list(pids)
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
            for task in os.listdir(f"/proc/{pid}/task"):
                children = Path(f"/proc/{pid}/task/{task}/children").read_text()
                waiting += map(int, children.split())
    return total


def resident(pid: int) -> int:
    """Octets of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
