"""What of the machine's files this process can open, by the kernel's Landlock: what it needs, and no file of the user's.

A statement that slips through the checks of access still runs in this process. Behind the fence it finds no password, no
key and no other process's environment, whoever sent it: the owner's `file()` is stopped, too. The fence holds for the
thread that makes it and the threads that it starts, so it is made before the engine is opened.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

log = logging.getLogger("clickvault.front")

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES, _AT_PATH = 38, os.O_CLOEXEC | getattr(os, "O_PATH", 0)
_WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FIRST = (1 << 13) - 1  # all that the first version knows: run, read, write, list, remove and make
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE
# The first version forbids every rename from one folder to another, and the engine renames.
_LEAST = 2

# Of the machine: its resolver, its authorities, and what it tells of itself. Not /usr/share/zoneinfo: see zones.
_FILES = [
    "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
    "/etc/protocols", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom", "/dev/random",
    "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cacert.pem", "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/cacert.pem", "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust", "/etc/ca-certificates", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/usr/lib/ssl", "/usr/lib/locale",
    "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/vmstat", "/proc/version",
    "/proc/mounts", "/proc/diskstats", "/proc/filesystems", "/proc/pressure", "/proc/net", "/proc/sys/vm",
    "/proc/sys/kernel", "/proc/sys/fs", "/proc/sys/net", "/sys/fs/cgroup", "/sys/devices/system", "/sys/kernel/mm",
    "/sys/block", "/sys/class",
]  # fmt: skip


def enter(*folders: Path) -> None:
    """From here on, this thread and those it starts open only `folders`, to write, and what they need, to read.

    Where the kernel has no Landlock, or an old one, a warning says so, and nothing changes.
    """
    if sys.platform != "linux":
        log.warning("no fence around this process: Landlock is Linux's. Its checks alone keep the files of this user")
        return
    try:
        version = _call(_CREATE_RULESET, None, 0, _VERSION)
        if version < _LEAST:
            raise OSError(f"version {version} of Landlock forbids renames from folder to folder")
        rights = _FIRST | _REFER | (_TRUNCATE if version >= 3 else 0)
        rules = _call(_CREATE_RULESET, ctypes.byref(ctypes.c_uint64(rights)), 8, 0)
        try:
            for folder in folders:
                _allow(rules, folder, rights & ~1)
            for path in (*_FILES, *_libraries(), *_standard_library(), *_authorities(), f"/proc/{os.getpid()}"):
                _allow(rules, Path(path), _READ_FILE | _READ_FOLDER)
            _allow(rules, Path("/dev/null"), rights & _OF_FILES)
            if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")
            _call(_RESTRICT_SELF, rules, 0)
        finally:
            os.close(rules)
    except OSError as error:
        log.warning(
            "no fence around this process (%s): its checks alone keep the files of this user from who logs in", error
        )


def close_pipes() -> None:
    """Let nobody open the process's own pipes by their names in /proc, where a reader of one would wait for ever.

    The engine makes two for itself. Root opens them all the same, unless it has given up its rights over modes.
    """
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                if stat.S_ISFIFO(os.fstat(int(name)).st_mode):
                    os.fchmod(int(name), 0)


def give_up_capabilities(*folders: Path) -> None:
    """Root's rights beyond a user's, where the data is root's own: files of others, and pipes of no mode, stay closed."""
    if sys.platform != "linux" or os.geteuid() or any(folder.stat().st_uid for folder in folders):
        return
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    none = (ctypes.c_uint32 * 6)()
    if _libc().capset(head, none):
        log.warning("root's capabilities stay: %s", os.strerror(ctypes.get_errno()))


def _libraries() -> Iterator[str]:
    """The folders of the C library, where it looks for its own modules (names of hosts, character sets)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text(errors="replace").splitlines():
            path = line.rpartition(" ")[2]
            if os.path.basename(path).startswith(("libc.so", "libc-", "libc.musl", "ld-musl")):
                yield os.path.dirname(path)


def _standard_library() -> Iterable[str]:
    """Python's own modules, some of which it imports late; not other packages, some of which bring zones."""
    folder = Path(sysconfig.get_path("stdlib"))
    return [str(path) for path in folder.iterdir() if path.name not in ("site-packages", "dist-packages", "test")]


def _authorities() -> Iterator[str]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        yield from filter(None, os.environ.get(name, "").split(":"))
    resolver = Path(os.path.realpath("/etc/resolv.conf"))
    if resolver.parent != Path("/etc"):
        yield str(resolver.parent)  # whoever writes the file there puts a new one in its place


def _allow(rules: int, path: Path, rights: int) -> None:
    """A rule for a file or a folder, if it is there."""
    try:
        opened = os.open(path, _AT_PATH)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_FILES
        beneath = rights.to_bytes(8, sys.byteorder) + opened.to_bytes(4, sys.byteorder)
        _call(_ADD_RULE, rules, _PATH_BENEATH, beneath, 0)
    finally:
        os.close(opened)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    found: int = _libc().syscall(number, *arguments)
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return found
