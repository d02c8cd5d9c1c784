"""Java programs of the embedded stack: the Java that runs them, and their jars, fetched once with Maven.

A release is fetched into a folder of its own, `<services>/<name>`, and put in place whole: a fetch that was cut short
leaves nothing that a later one takes for complete. Several stacks may share the folder (CLICKVAULT_SERVICES).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from clickvault.embedded.process import Cancelled
from clickvault.errors import ConfigurationError, StoreError

FETCH_SECONDS = 900.0
PAUSES = (1.0, 3.0, 0.0)  # after each try
# A connection on which nothing comes fails after a minute, where Maven would wait for half an hour. The first two are read
# by Maven 3.9, the third by 3.8.
_TIMEOUTS = tuple(
    f"-D{name}=60000"
    for name in ("aether.connector.connectTimeout", "aether.connector.requestTimeout", "maven.wagon.rto")
)
INSTALL = "apt-get install openjdk-17-jre-headless maven   (or set JAVA_HOME, and put mvn on the PATH)"

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>clickvault</groupId><artifactId>{name}</artifactId><version>1</version>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""


@dataclass(frozen=True)
class Release:
    """A Java program: its artifacts as `group:artifact:version`; those of `plugins` are copied to `plugins`, too."""

    name: str
    artifacts: tuple[str, ...]
    plugins: str = ""


def check(release: Release, folder: Path, needed: int, store: str) -> None:
    """Raise ConfigurationError that says what is missing here to run, and to fetch, the release."""
    find(needed, store)
    if not (folder / release.name).exists():
        _maven(store)


def _maven(store: str) -> str:
    found = shutil.which("mvn")
    if not found:
        raise ConfigurationError(f"{store} is fetched with Maven, and there is no mvn on the PATH", hint=INSTALL)
    return found


def find(needed: int, store: str) -> tuple[Path, int]:
    """The Java to run with, and its major version. Raises ConfigurationError that says what is missing."""
    home = os.environ.get("JAVA_HOME", "")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not found or not Path(found).exists():
        raise ConfigurationError(f"{store} needs Java {needed} or newer, and there is none here", hint=INSTALL)
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    major = int(version.group(1)) if version else 0
    if major < needed:
        raise ConfigurationError(f"{store} needs Java {needed} or newer; {found} is Java {major or '?'}", hint=INSTALL)
    return Path(found), major


def fetch(release: Release, folder: Path, store: str, cancelled: Event) -> Path:
    """The folder that holds the release's jars in `lib` (and `plugins`), fetched if it is not there."""
    target = folder / release.name
    if target.exists():
        return target
    maven = _maven(store)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        while True:  # another stack that shares the folder may be fetching: then there is nothing left to do
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if cancelled.wait(0.2):
                    raise Cancelled from None
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as work:
                _copy_jars(Path(maven), release, Path(work), store, cancelled)
                (Path(work) / "release").rename(target)
    return target


def _copy_jars(maven: Path, release: Release, work: Path, store: str, cancelled: Event) -> None:
    dependencies = "\n".join(
        "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *artifact.split(":")
        )
        for artifact in release.artifacts
    )
    (work / "pom.xml").write_text(_POM.format(name=release.name, dependencies=dependencies), encoding="utf-8")
    copy = [str(maven), "-B", "-q", *_TIMEOUTS, "dependency:copy-dependencies", "-DincludeScope=runtime"]
    deadline = time.monotonic() + FETCH_SECONDS
    _run([*copy, f"-DoutputDirectory={work / 'release' / 'lib'}"], work, store, cancelled, deadline)
    if release.plugins:
        only = [f"-DincludeGroupIds={release.plugins}", f"-DoutputDirectory={work / 'release' / 'plugins'}", "-o"]
        _run([*copy, *only], work, store, cancelled, deadline)


def _run(command: Sequence[str], work: Path, store: str, cancelled: Event, deadline: float) -> None:
    output = work / "output"
    for pause in PAUSES:
        if not _status(command, work, output, store, cancelled, deadline):
            return
        if cancelled.wait(pause):
            raise Cancelled
    said = [line for line in output.read_text(errors="replace").splitlines() if "ERROR" in line]
    raise StoreError(
        f"Maven could not fetch {store}: {' | '.join(said[:2])[:400]}",
        hint="clickvault up   (once Maven can reach its repository: mvn -version, ~/.m2/settings.xml)",
        store=store,
    )


def _status(command: Sequence[str], work: Path, output: Path, store: str, cancelled: Event, deadline: float) -> int:
    """Maven's exit status, once it ended."""
    with output.open("wb") as log:
        maven = subprocess.Popen(
            command, cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while maven.poll() is None:
                if cancelled.wait(0.1):
                    raise Cancelled
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"Maven has not fetched {store} in {FETCH_SECONDS:.0f} s", hint="clickvault up", store=store
                    )
        finally:
            if maven.poll() is None:
                maven.terminate()
                maven.wait()
    return maven.returncode
