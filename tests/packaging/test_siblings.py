"""The five distributions find each other, and never a stranger of the same name.

A public index may hold other content under the same names. Siblings are required by an
exact version with a local label (PEP 440), which an index does not accept for uploads.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIBLINGS = ("zu-core", "zu-backends", "zu-redteam", "zu-providers", "zu-cli")


def uv() -> str:
    path = Path(sys.executable).with_name("uv")
    if not path.exists():
        pytest.skip("uv is not in this environment; `make test` puts it there")
    return str(path)


def stranger(folder: Path, name: str, version: str) -> None:
    """Write a wheel that has the name and the version, and nothing of ours."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{stem}.dist-info/METADATA", meta)
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [
        uv(),
        "build",
        "--quiet",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--no-index",
    ]
    for name in SIBLINGS:
        subprocess.run(
            [*command, "--python", sys.executable, "--out-dir", str(out), ROOT / "packages" / name],
            check=True,
            capture_output=True,
        )
    return out


def resolve(wheel: Path, *links: Path) -> subprocess.CompletedProcess[str]:
    """Resolve `wheel` with nothing but the wheels in `links`."""
    options = [option for link in links for option in ("--find-links", str(link))]
    command = [uv(), "pip", "compile", "--no-index", "--no-header", "--python", sys.executable]
    return subprocess.run(
        [*command, *options, "-"],
        input=f"{wheel.name.split('-')[0]} @ file://{wheel}",
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_sibling_is_required_by_one_exact_version_with_a_local_label(built):
    found = 0
    for wheel in built.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            metadata = archive.read(name).decode()
        for requirement in re.findall(r"^Requires-Dist: (zu-.*)$", metadata, re.M):
            assert re.fullmatch(r"zu-[a-z]+(\[[a-z,]+\])?==1\.\d+\.\d+\+zu", requirement)
            found += 1
    assert found >= len(SIBLINGS) - 1


def test_a_resolver_that_sees_only_strangers_fails(built, tmp_path):
    for version in ("0.9.0", "1.0.0", "1.0.1", "1.0.0.post1", "2.0.0"):
        stranger(tmp_path, "zu-core", version)
    for name in ("msgspec", "idna", "publicsuffixlist"):
        stranger(tmp_path, name, "99.0")
    wheel = next(built.glob("zu_providers-*.whl"))

    failed = resolve(wheel, tmp_path)
    assert failed.returncode != 0
    assert "zu-core==1.0.0+zu" in failed.stderr

    resolved = resolve(wheel, tmp_path, built)
    assert resolved.returncode == 0, resolved.stderr
    assert "zu-core==1.0.0+zu" in resolved.stdout
