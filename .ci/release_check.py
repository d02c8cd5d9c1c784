"""Whether this commit can be released as the version that it names; `make release-check`. Says everything that is missing, exits 1.

The working tree is clean, and has no tag of the version; pyproject.toml, clickvault.__version__ and CHANGELOG.md name one version, whose part
has a date and says what changes for data, with nothing left under Unreleased; the generated documents are those of the contracts; the wheel
builds, under that version, with metadata that a package index takes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.metadata import Metadata

from clickvault import __version__

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path) -> str:
    """What a command prints, run in the checkout."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def faults() -> Iterator[str]:
    """What keeps this commit from being a release, each with what to do."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if run("git", "status", "--porcelain", "--untracked-files=no"):
        yield "the working tree has changes: commit them"
    if run("git", "tag", "--list", f"v{version}"):
        yield f"v{version} is tagged: raise the version in pyproject.toml and clickvault/__init__.py"
    if __version__ != version:
        yield f"clickvault/__init__.py says {__version__}, pyproject.toml {version}"
    yield from changelog(version)
    with tempfile.TemporaryDirectory() as folder:
        yield from documents(Path(folder))
        yield from wheel(version, Path(folder))


def changelog(version: str) -> Iterator[str]:
    """What CHANGELOG.md lacks for this version."""
    parts = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts = {heading: text.strip() for heading, _, text in (part.partition("\n") for part in parts)}
    if texts.get("[Unreleased]"):
        yield f"CHANGELOG.md has entries under Unreleased: move them to `## [{version}] - <date>`"
    dated = [h for h in texts if re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", h)]
    if not dated:
        yield f"CHANGELOG.md has no `## [{version}] - <date>`"
    elif "### Contracts and schemas" not in texts[dated[0]]:
        yield f"CHANGELOG.md does not say under {dated[0]} what changes in contracts and schemas"


def documents(folder: Path) -> Iterator[str]:
    """Which documents are not what the contracts give."""
    run(sys.executable, "-m", "clickvault", "contract", "docs", "--out", folder / "docs")
    for file in sorted((folder / "docs").rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and (not (ROOT / name).is_file() or file.read_bytes() != (ROOT / name).read_bytes()):
            yield f"{name} lags behind the contracts: make diagrams"


def wheel(version: str, folder: Path) -> Iterator[str]:
    """What is wrong with the wheel of this commit."""
    run("git", "-c", "safe.directory=*", "clone", "--quiet", "--depth=1", f"file://{ROOT}", folder / "clone")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, folder / "clone")
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        try:
            metadata = Metadata.from_email(archive.read(name), validate=True)
        except ExceptionGroup as errors:
            yield from (f"{built.name}: {error}" for error in errors.exceptions)
        else:
            if str(metadata.version) != version:
                yield f"{built.name} is of version {metadata.version}, not {version}"
    print(f"{built.name}: {built.stat().st_size / 1e6:.1f} MB")


def main() -> int:
    """Print each fault; 1 if there is one."""
    found = 0
    for fault in faults():
        print(f"- {fault}", flush=True)
        found += 1
    print(
        f"{found} to mend before {__version__} is released"
        if found
        else f"{__version__} can be released: tag v{__version__}"
    )
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main())
