"""The files of one commit as objects of our own mirror: no working tree is looked at, neither the user's nor one that a patch touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rea.codebase.access import of_workload
from rea.codebase.codebase import Codebase, Entry
from rea.domain.errors import IntegrityError, WorkloadError
from rea.domain.workload import Workload
from rea.executor.materialise.git import git
from rea.executor.materialise.layout import mirror_of
from rea.executor.materialise.workspace import reopen
from rea.executor.workload.parse import FILE, readable_in


@dataclass(frozen=True, slots=True)
class Objects:
    """Reads ``commit`` in the bare repository at ``mirror``."""

    mirror: Path
    commit: str
    _entries: dict[str, Entry] = field(default_factory=dict)

    def entries(self) -> Mapping[str, Entry]:
        """Return all files by path. Raises WorkloadError where the mirror does not hold the commit."""
        if not self._entries:
            rows = filter(None, git(self.mirror, "ls-tree", "-r", "-z", "--long", self.commit).split("\0"))
            self._entries.update((entry.path, entry) for entry in map(_entry, rows))
        return self._entries

    def read(self, entries: Sequence[Entry]) -> Mapping[str, bytes]:
        """Return the bytes of files, as git stores them: no filter or conversion of the repository is run.

        Raises:
            IntegrityError: the mirror does not give what it lists.
        """
        asked = "".join(f"{entry.object}\n" for entry in entries).encode()
        given = git(self.mirror, "cat-file", "--batch", given=asked).encode(errors="surrogateescape")
        found, at = dict[str, bytes](), 0
        for entry in entries:
            start = given.index(b"\n", at) + 1
            if given[at:start] != f"{entry.object} blob {entry.size}\n".encode():
                raise IntegrityError(f"the mirror does not hold {entry.path}", "see `rea doctor`")
            found[entry.path] = given[start : start + entry.size]
            at = start + entry.size + 1
        return found


def codebase(directory: Path, commit: str, workload: Workload) -> Codebase:
    """Return the code of the campaign in ``directory``, confined to what its workload.toml at that commit declares.

    Raises:
        IntegrityError: the mirror is missing or damaged.
    """
    objects = Objects(mirror_of(directory), commit)
    try:
        declared = objects.entries().get(FILE)
        text = objects.read([declared])[FILE].decode(errors="replace") if declared else ""
    except WorkloadError as error:
        raise IntegrityError(f"the mirror cannot be read: {error.message}", "see `rea doctor`") from error
    editable, protected = workload.editable, workload.protected
    return Codebase(objects, of_workload(editable, readable_in(text), protected, workload.data.path))


def of_campaign(directory: Path, workload: Workload) -> Codebase:
    """Return the code at the commit that the campaign in ``directory`` works on.

    Raises:
        IntegrityError: what was taken down of it is missing or damaged.
    """
    return codebase(directory, reopen(directory, workload).record.commit, workload)


def _entry(row: str) -> Entry:
    told, _, path = row.partition("\t")
    mode, _, name, size = told.split()
    return Entry(path=path, mode=mode, object=name, size=int(size) if size.isdigit() else 0)
