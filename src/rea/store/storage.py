"""Where the database lies, and which journal mode of SQLite is safe there."""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
"""Versions of SQLite, first and last, in which resetting a write-ahead log can lose a commit (sqlite.org/wal.html)."""

_DISKS = {
    "apfs",
    "bcachefs",
    "btrfs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "hfs",
    "jfs",
    "ubifs",
    "vfat",
    "xfs",
    "zfs",
}
_LOCAL = _DISKS | {"overlay", "ramfs", "tmpfs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageReport:
    """How the database is kept, and why. ``warning`` is empty when all is as it should be."""

    path: str
    filesystem: str
    sqlite: str
    mode: str
    reason: str
    warning: str = ""


def storage_report(
    path: Path,
    version: tuple[int, int, int] = sqlite3.sqlite_version_info[:3],
    mounts: Path = Path("/proc/self/mountinfo"),
) -> StorageReport:
    """Return which journal mode is used for a database at ``path``, and why: what is shown by ``rea doctor``."""
    filesystem = filesystem_of(path, mounts)
    mode, reason, warning = _choose(filesystem, version)
    shown = ".".join(map(str, version))
    return StorageReport(path=str(path), filesystem=filesystem, sqlite=shown, mode=mode, reason=reason, warning=warning)


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the type of the file system that ``path`` lies on, or nothing where the system does not say."""
    if not mounts.exists():
        return ""
    target = path.resolve()
    found = [m for line in mounts.read_text().splitlines() if (m := _mount(line)) and target.is_relative_to(m[0])]
    # of two mounts on one point the later covers the earlier
    return max(enumerate(found), key=lambda m: (len(m[1][0].parts), m[0]))[1][1] if found else ""


def _choose(filesystem: str, version: tuple[int, int, int]) -> tuple[str, str, str]:
    if filesystem not in _LOCAL:
        named = f"a {filesystem} file system" if filesystem else "a file system of unknown type"
        warning = f"{named} may not lock or sync as a local disk does: keep the state on a local disk (REA_STATE)"
        return "truncate", f"write-ahead logging needs a local disk, and this is {named}", warning
    if WAL_RESET_BUG[0] <= version <= WAL_RESET_BUG[1]:
        last = ".".join(map(str, WAL_RESET_BUG[1]))
        return "truncate", f"this SQLite can lose a commit when it resets its write-ahead log (fixed after {last})", ""
    return "wal", f"a local disk ({filesystem}) and a SQLite without the write-ahead log reset bug", ""


def _mount(line: str) -> tuple[Path, str] | None:
    left, _, right = line.partition(" - ")
    fields = left.split(" ")
    if len(fields) < 5 or not right:
        return None
    return Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[4])), right.split(" ")[0]
