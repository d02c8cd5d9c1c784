"""What a process says, without the secrets in use: clickvault.airflow.masked, as Airflow's processes are started by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

MASKED = [sys.executable, "-m", "clickvault.airflow.masked", sys.executable, "-u", "-c"]
SECRET = 'a+secret/of 32 "characters"'


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "CLICKVAULT_HOME": str(home), "S3_SECRET_KEY": SECRET}


def test_lines_pass_without_secrets(tmp_path: Path) -> None:
    code = (
        "import json, os, sys; from urllib.parse import quote; s = os.environ['S3_SECRET_KEY'];"
        "print('plain', s); print('quoted', quote(s, safe='')); print(json.dumps({'as json': s}));"
        "print('to stderr', s, file=sys.stderr); sys.stdout.buffer.write(b'\\xff\\n'); sys.exit(3)"
    )
    done = subprocess.run(
        [*MASKED, code], env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert {"plain ***", "quoted ***", '{"as json": "***"}', "to stderr ***"} <= set(said)
    assert SECRET not in done.stdout
    assert quote(SECRET, safe="") not in done.stdout


def test_it_ends_when_its_command_is_told_to(tmp_path: Path) -> None:
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('ready'); time.sleep(60)"
    with subprocess.Popen([*MASKED, code], env=environment(tmp_path), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 7


def test_a_log_is_rotated(tmp_path: Path) -> None:
    """It stays within bounds, whole lines and all of the newest; two older files stand beside it."""
    code = "[print('line', n, 'x' * 80) for n in range(1000)]"
    log = tmp_path / "airflow-scheduler.log"
    command = [*MASKED[:3], "--log", str(log), *MASKED[3:], code]
    told = {**environment(tmp_path), "CLICKVAULT_LOG_BYTES": "20000"}
    assert subprocess.run(command, env=told, timeout=60, check=False).returncode == 0
    files = [tmp_path / f"airflow-scheduler{n}.log" for n in (".2", ".1", "")]
    assert sorted(tmp_path.glob("*.log")) == sorted(files)
    assert max(f.stat().st_size for f in files) <= 20_000
    lines = [line.split()[1] for f in files for line in f.read_text(encoding="utf-8").splitlines()]
    assert lines == [str(n) for n in range(1000 - len(lines), 1000)]
    assert len(lines) > 400
