"""A real network file system: a folder mounted over SFTP (FUSE), its server a process of its own. The same laws hold, no write-ahead log is
kept there and a person is told; where locks fail nothing is written, and what was recorded survives the loss of its server."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rea.domain.errors import StoreError
from rea.ports import Journal
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.storage import storage_report
from rea.testing.conformance_journal import C, JournalConformance, note
from rea.testing.durable import Shape, durable

pytestmark = pytest.mark.real

SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
SHORT = Shape(effects=(("a", -0.05),), rungs=False, budget_s=1600.0)
SECOND = """
import sqlite3, sys
from contextlib import closing
with closing(sqlite3.connect(sys.argv[1], timeout=0.1, isolation_level=None)) as connection:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        sys.exit(str(error))
"""
WRITER = """
from pathlib import Path
import sys
from rea.domain.errors import StoreError
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note
try:
    SqlJournal(Database(Path(sys.argv[1]), busy_timeout_s=0.2)).append(C, [note("b")])
except StoreError as error:
    sys.exit(f"refused: {error.message}; {error.hint}")
"""
NO_LOCKS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
static int ask(const char *name, int handle, int command, void *word) {
  if (command == 6 || command == 7) { errno = ENOLCK; return -1; } /* F_SETLK, F_SETLKW */
  return ((int (*)(int, int, ...))dlsym((void *)-1l, name))(handle, command, word);
}
#define WORD va_list rest; va_start(rest, command); void *word = va_arg(rest, void *); va_end(rest)
int fcntl(int handle, int command, ...) { WORD; return ask("fcntl", handle, command, word); }
int fcntl64(int handle, int command, ...) { WORD; return ask("fcntl64", handle, command, word); }
"""


@dataclass(slots=True)
class Mount:
    """A folder of a server. ``lost`` is what a network that goes away, or a server that dies, looks like."""

    place: Path

    @property
    def served(self) -> Path:
        return self.place / "served"

    @property
    def here(self) -> Path:
        return self.place / "here"

    def attach(self, server: str) -> str:
        """Mount the folder; return why that cannot be done here."""
        connect = self.place / "connect"
        connect.write_text(f"#!/bin/sh\necho $$ > {self.place}/server.pid\nexec {server}\n")
        connect.chmod(0o700)
        words = ("sshfs", "-o", f"ssh_command={connect}", f"nowhere:{self.served}", str(self.here))
        done = subprocess.run(words, capture_output=True, text=True, timeout=30)
        return done.stderr.strip() or f"exit {done.returncode}" if done.returncode else ""

    def lose(self) -> None:
        os.kill(int((self.place / "server.pid").read_text()), signal.SIGKILL)

    def detach(self) -> None:
        subprocess.run(("umount", "--lazy", str(self.here)), capture_output=True)  # it may be gone with its server


def server() -> str:
    found = next((s for s in SERVERS if Path(s).exists()), "")
    if not (found and shutil.which("sshfs")):
        pytest.skip("NO NETWORK FILE SYSTEM IS TRIED: install sshfs and openssh-sftp-server")
    return found


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    made = Mount(tmp_path)
    made.served.mkdir()
    made.here.mkdir()
    if why := made.attach(server()):
        pytest.skip(f"NO NETWORK FILE SYSTEM CAN BE MOUNTED HERE: {why}: run as root, with /dev/fuse")
    yield made
    made.detach()


class TestTheSameLawsHold(JournalConformance):
    @pytest.fixture
    def journal(self, mount: Mount) -> Journal:
        return SqlJournal(Database(mount.here / "store.db"))


def test_no_write_ahead_log_is_kept_there_and_a_person_is_told(mount: Mount) -> None:
    database = Database(mount.here / "store.db")
    report = storage_report(database.path)
    assert (report.filesystem, report.mode) == ("fuse.sshfs", "truncate")
    assert "fuse.sshfs" in report.warning and "local disk" in report.warning
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "truncate"
    assert not list(mount.here.glob("*-wal"))


def test_a_whole_campaign_lives_there(mount: Mount) -> None:
    world = durable(mount.here, SHORT)
    world.finish()
    assert world.state.ended
    assert SqlJournal(Database(mount.served / "store.db")).verify(world.name) > 0, "as the server has it"


def test_its_server_dies_which_is_told_and_what_was_recorded_is_there_afterwards(mount: Mount) -> None:
    journal = SqlJournal(Database(mount.here / "store.db"))
    journal.append(C, [note("a")])
    mount.lose()
    with pytest.raises(StoreError) as refused:
        journal.append(C, [note("b")])
    assert refused.value.hint
    mount.detach()
    assert not mount.attach(server())
    journal = SqlJournal(Database(mount.here / "store.db"))
    journal.append(C, [note("b")])
    assert [r.key for r in journal.read(C)] == ["notified:note:a", "notified:note:b"]


def second_writer(store: Path, query: str = "") -> str:
    """Return what a second process is told that wants to write while this one does; nothing: it may."""
    database = Database(store)
    with database.write():
        words = (sys.executable, "-c", SECOND.replace("sys.argv[1],", "sys.argv[1], uri=True,"), f"file:{store}{query}")
        return subprocess.run(words, capture_output=True, text=True).stderr.strip()


def test_two_writers_of_one_machine_are_kept_apart(mount: Mount) -> None:
    assert "locked" in second_writer(mount.here / "store.db")


def test_planted_bug_a_writer_without_locks_gets_in(mount: Mount) -> None:
    assert second_writer(mount.here / "store.db", "?vfs=unix-none") == ""


def without_locks(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which every lock is refused, as by a network file system without a lock service."""
    if (cc := shutil.which("cc") or shutil.which("gcc")) is None:
        pytest.skip("no C compiler: install gcc to have locks refused")
    (tmp_path / "nolocks.c").write_text(NO_LOCKS)
    subprocess.run((cc, "-shared", "-fPIC", "-o", tmp_path / "nolocks.so", tmp_path / "nolocks.c"), check=True)
    return {**os.environ, "LD_PRELOAD": str(tmp_path / "nolocks.so")}


def test_where_locks_are_refused_nothing_is_written_unlocked(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    SqlJournal(Database(store)).append(C, [note("a")])
    environment = without_locks(tmp_path)
    done = subprocess.run((sys.executable, "-c", WRITER, store), env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "refused: " in done.stderr, done.stderr
    assert [r.key for r in SqlJournal(Database(store)).read(C)] == ["notified:note:a"]


def test_planted_bug_a_store_opened_without_locks_writes_all_the_same(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    SqlJournal(Database(store)).append(C, [note("a")])
    unlocked = WRITER.replace(
        "try:",
        "import rea.store.sqlite as s\nright = s.create_engine\n"
        "s.create_engine = lambda url, **k: right(url.replace('sqlite:///', 'sqlite:///file:') + '?vfs=unix-none&uri=true', **k)\ntry:",
    )
    environment = without_locks(tmp_path)
    done = subprocess.run((sys.executable, "-c", unlocked, store), env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(SqlJournal(Database(store)).read(C)) == 2
