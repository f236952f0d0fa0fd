"""A PostgreSQL server of our own: in a temporary folder, on a socket in it, stopped by its process."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

USER = "rea"


def binaries() -> Path | None:
    """Return where Debian, or the PATH, keeps the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


class Server:
    """One cluster; ``start`` again after ``kill`` is what an operator does."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.data = folder / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self._who: dict[str, Any] = {}
        if os.getuid() == 0:  # the server refuses to run as root
            who = pwd.getpwnam("postgres")
            os.chown(folder, who.pw_uid, who.pw_gid)
            for parent in folder.parents[:3]:
                parent.chmod(parent.stat().st_mode | 0o055)
            self._who = {"user": who.pw_uid, "group": who.pw_gid}
        made = (str(programs / "initdb"), "-D", str(self.data), "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **self._who)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=on")
        argv = (str(self.programs / "postgres"), "-D", str(self.data), *options)
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log, **self._who)
        ready = (str(self.programs / "pg_isready"), "-q", "-h", str(self.folder), "-U", USER, "-d", "postgres")
        deadline = time.monotonic() + 30
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]

    def kill(self) -> None:
        """Kill the server and all of its processes, as a power cut would end them."""
        assert self.process is not None
        children = subprocess.run(
            ("pgrep", "-P", str(self.process.pid)), capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in (self.process.pid, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)


def server(folder: Path) -> Server:
    """Make a running server, or skip."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    made = Server(folder, programs)
    made.start()
    return made
