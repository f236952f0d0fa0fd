"""Where write-ahead logging is safe, and where it is not."""

from pathlib import Path

import pytest

from rea.ports import Journal
from rea.store import storage
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.storage import filesystem_of, storage_report
from rea.testing.conformance_journal import JournalConformance

FIXED, BROKEN = (3, 51, 3), (3, 40, 1)


def mounts(tmp_path: Path, kind: str) -> Path:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
        f"23 22 0:40 / /my\\040home rw shared:1 - {kind} server:/home rw\n"
        "24 22 0:41 / /my\\040home/scratch rw - xfs /dev/vdb rw\n"
        "garbage\n"
    )
    return table


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre", "beegfs", "9p", "ceph", "gpfs"]
)
def test_a_network_file_system_gets_a_rollback_journal_and_a_warning(tmp_path: Path, kind: str) -> None:
    report = storage_report(Path("/my home/store.db"), FIXED, mounts(tmp_path, kind))
    assert (report.mode, report.filesystem) == ("truncate", kind)
    assert kind in report.reason and "local disk" in report.warning


def test_the_deepest_mount_counts(tmp_path: Path) -> None:
    table = mounts(tmp_path, "nfs")
    assert filesystem_of(Path("/my home/scratch/a/store.db"), table) == "xfs"
    assert filesystem_of(Path("/my homes/store.db"), table) == "ext4"
    assert storage_report(Path("/my home/scratch/store.db"), FIXED, table).mode == "wal"


def test_the_later_of_two_mounts_on_one_point_counts(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("22 1 254:0 / / rw - ext4 /dev/vda rw\n23 1 0:9 / / rw - nfs server:/ rw\n")
    assert filesystem_of(Path("/x"), table) == "nfs"


def test_a_sqlite_with_the_reset_bug_gets_a_rollback_journal(tmp_path: Path) -> None:
    report = storage_report(Path("/store.db"), BROKEN, mounts(tmp_path, "nfs"))
    assert report.mode == "truncate" and report.warning == ""
    assert "3.51.2" in report.reason and report.sqlite == "3.40.1"


def test_a_system_that_does_not_say_is_not_trusted(tmp_path: Path) -> None:
    report = storage_report(Path("/store.db"), FIXED, tmp_path / "absent")
    assert report.mode == "truncate" and "unknown" in report.warning


class TestWriteAheadLog(JournalConformance):
    """Where it is safe, the same laws hold with it."""

    @pytest.fixture
    def journal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
        monkeypatch.setattr(storage, "WAL_RESET_BUG", ((0, 0, 0), (0, 0, 0)))
        database = Database(tmp_path / "store.db")
        if storage_report(database.path).mode != "wal":
            pytest.skip(f"this test needs a local disk: {storage_report(database.path).reason}")
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        return SqlJournal(database)


def test_a_database_kept_with_a_write_ahead_log_goes_back_to_a_rollback_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(storage, "WAL_RESET_BUG", ((0, 0, 0), (0, 0, 0)))
        Database(tmp_path / "store.db")
    monkeypatch.setattr(storage, "WAL_RESET_BUG", ((0, 0, 0), (99, 0, 0)))
    with Database(tmp_path / "store.db").read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "truncate"
