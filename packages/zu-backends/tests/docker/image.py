"""Makes images for tests from what is installed: no registry is asked."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = os.path.realpath(sys.base_prefix)
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
TOOLS = ("sh", "cat", "true", "ls", "sleep")
LEFT_OUT = {"test", "tests", "idlelib", "site-packages", "dist-packages", "ensurepip", "lib2to3"}
LEFT_OUT |= {"tkinter", "turtledemo", "pydoc_data", "unittest", "__pycache__"}


def write_image(path: Path, *, python: bool) -> None:
    """Write the tar of a root directory with a shell, and Python where asked for."""
    with tarfile.open(path, "w") as image:
        libraries: set[str] = set()
        for name in TOOLS:
            source = os.path.realpath(f"/bin/{name}")
            image.add(source, f"bin/{name}", filter=_owned_by_root)
            libraries |= set(_libraries(source))
        if python:
            libraries |= _add_python(image)
        for library in libraries:
            image.add(os.path.realpath(library), library.lstrip("/"), filter=_owned_by_root)
        for name in ("etc/passwd", "etc/hosts"):
            image.addfile(tarfile.TarInfo(name), io.BytesIO())


def _add_python(image: tarfile.TarFile) -> set[str]:
    binary = os.path.join(PREFIX, "bin", VERSION)
    modules = os.path.join(PREFIX, "lib", VERSION)
    image.add(os.path.realpath(binary), f"usr/bin/{VERSION}", filter=_owned_by_root)
    image.add(modules, f"usr/lib/{VERSION}", filter=_needed_module)
    link = tarfile.TarInfo("usr/bin/python3")
    link.type, link.linkname = tarfile.SYMTYPE, VERSION
    image.addfile(link)
    extensions = Path(modules, "lib-dynload").glob("*.so")
    return {library for one in (binary, *map(str, extensions)) for library in _libraries(str(one))}


def _libraries(program: str) -> Iterator[str]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    for word in listed.stdout.split():
        if word.startswith("/"):
            yield word


def _needed_module(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = entry.name.split("/")
    left_out = LEFT_OUT & set(parts) or parts[-1].startswith("config-")
    return None if left_out or entry.name.endswith(".a") else _owned_by_root(entry)


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.mode |= 0o444 | (0o111 if entry.isdir() else 0)
    return entry
