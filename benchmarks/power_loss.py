"""The power goes: every state that a disk may be in then, with writes reordered up to the last sync. Is all of it readable, and nothing run twice?

    python benchmarks/power_loss.py [--states 5000] [--seed 1] [--plants]

``strace`` records what a launched job and a journal's appends do to their files. After each recorded call, any subset of what was not synced
may have reached the disk: of the writes into a file (some torn in half), and of the names in a folder. Each such state is laid out and looked at
by the program as after a reboot. A plant forgets one kind of sync.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rea.domain.errors import ReaError
from rea.executor.contract.control import Life, read_state
from rea.executor.contract.directory import prepare
from rea.executor.contract.spec import Spec
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note

CALLS = "openat,open,creat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,mkdir,execve"
APPENDS = 6
TORN = 0.2
JOB = """
import subprocess, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from power_loss import job_spec
from rea.executor.contract.directory import control_of, prepare
place, spec = Path(sys.argv[1]) / "jobs" / "j", job_spec()
prepare(place, spec)
subprocess.run(spec.command(control_of(place)), env=spec.environment, check=True)
"""
STORE = """
import os, sys
from pathlib import Path
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note
journal = SqlJournal(Database(Path(sys.argv[1]) / "store.db"))
for n in range({appends}):
    journal.append(C, [note(f"{{n}}-a"), note(f"{{n}}-b" + "x" * 3000)])
    os.write(1, b"mark:%d" % (n + 1))
"""


def job_spec() -> Spec:
    return Spec(
        job="j", argv=("/bin/sh", "-c", "exit 0", "mark:began"), cwd=Path("/"), wake=("/bin/true", "mark:woken")
    )


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that was done: to the names of a folder, to a file's bytes, or a sync. ``by`` is the call as it was recorded."""

    kind: str  # create, mkdir, rename, unlink; write, truncate; sync, syncdir; mark
    path: str = ""
    file: int = 0
    at: int = 0
    data: bytes = b""
    to: str = ""


_LINE = re.compile(r"^(\d+) +(.*)$")
_HEX = re.compile(r"\\x([0-9a-f]{2})")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PLACE = re.compile(r"<((?:\\x[0-9a-f]{2})+)>")


def unhex(text: str) -> bytes:
    return bytes(int(pair, 16) for pair in _HEX.findall(text))


def record(script: str, root: Path) -> list[Op]:
    """Run a script under strace, and return what it and its children did below ``root``."""
    trace = root.with_suffix(".strace")
    argv = (
        "strace",
        "-f",
        "-qq",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(trace),
        sys.executable,
        "-c",
        script,
        str(root),
    )
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"cannot be recorded: {done.stderr[-400:]}")
    return list(Recorder(root).ops(_whole(trace.read_text().splitlines())))


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """Join calls that were interrupted by another process's."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        pid, call = found.groups()
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>").rstrip()
        elif call.startswith("<... "):
            yield begun.pop(pid, "") + call.partition(" resumed>")[2]
        else:
            yield call


@dataclass(slots=True)
class Recorder:
    """Follows names, files and positions through a trace."""

    root: Path
    names: dict[str, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    offsets: dict[int, int | None] = field(default_factory=dict)  # None: appends
    files: int = 0

    def ops(self, calls: Iterable[str]) -> Iterator[Op]:
        for call in calls:
            name, _, rest = call.partition("(")
            rest, _, result = rest.rpartition(" = ")
            if result.startswith("-1"):
                continue
            if name == "execve" and "wrapper.sh" in unhex(rest).decode(errors="replace"):
                continue  # it is handed the job and the wake as arguments, and runs neither yet
            strings = [unhex(text) for text in _STRING.findall(rest)]
            if name == "execve" or (name == "write" and strings[0].startswith(b"mark:")):
                yield from (Op("mark", word) for word in re.findall(r"mark:(\w+)", b" ".join(strings).decode()))
            elif name in ("openat", "open", "creat"):
                yield from self._open(rest, result)
            else:
                yield from self._other(name, rest)

    def _open(self, rest: str, result: str) -> Iterator[Op]:
        found = _PLACE.search(result)
        path = unhex(found[1]).decode() if found else ""
        if not self._ours(path) or "O_DIRECTORY" in rest:
            return
        if path not in self.names:
            if "O_CREAT" not in rest:
                return  # a folder
            self.files += 1
            self.names[path], self.sizes[self.files] = self.files, 0
            yield Op("create", path, self.files)
        elif "O_TRUNC" in rest:
            self.sizes[self.names[path]] = 0
            yield Op("truncate", path, self.names[path], 0)
        self.offsets[self.names[path]] = None if "O_APPEND" in rest else 0

    def _other(self, name: str, rest: str) -> Iterator[Op]:
        places = [unhex(place).decode() for place in _PLACE.findall(rest)]
        strings = [unhex(text) for text in _STRING.findall(rest)]
        path = places[0] if places else ""
        if name in ("rename", "renameat", "renameat2"):
            old, new = (str(Path(path or "/") / text.decode()) for text in strings[:2])
            if self._ours(new):
                self.names[new] = self.names.pop(old)
                yield Op("rename", old, self.names[new], to=new)
        elif name in ("unlink", "mkdir"):
            path = strings[0].decode()
            if self._ours(path) and (name == "mkdir" or self.names.pop(path, None)):
                yield Op(name, path)
        elif self._ours(path):
            yield from self._bytes(name, path, rest, strings)

    def _bytes(self, name: str, path: str, rest: str, strings: Sequence[bytes]) -> Iterator[Op]:
        file = self.names.get(path)
        if file is None:
            yield Op("syncdir", path)
        elif name in ("fsync", "fdatasync"):
            yield Op("sync", path, file)
        elif name == "ftruncate":
            size = int(rest.rstrip(")").rpartition(", ")[2])
            self.sizes[file] = size
            yield Op("truncate", path, file, size)
        else:
            at = int(rest.rstrip(")").rpartition(", ")[2]) if name == "pwrite64" else self.offsets.get(file, 0)
            at = self.sizes[file] if at is None else at
            if name == "write" and self.offsets.get(file) is not None:
                self.offsets[file] = at + len(strings[0])
            self.sizes[file] = max(self.sizes[file], at + len(strings[0]))
            yield Op("write", path, file, at, strings[0])

    def _ours(self, path: str) -> bool:
        return path == str(self.root) or path.startswith(f"{self.root}/")


@dataclass(slots=True)
class Disk:
    """What is surely on the disk, and what may be."""

    root: str
    bytes: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)  # 0: a folder
    pending_bytes: dict[int, list[Op]] = field(default_factory=dict)
    pending_names: dict[str, list[Op]] = field(default_factory=dict)

    def take(self, op: Op) -> None:
        if op.kind in ("write", "truncate"):
            self.pending_bytes.setdefault(op.file, []).append(op)
        elif op.kind == "sync":
            self.bytes[op.file] = changed(self.bytes.get(op.file, b""), self.pending_bytes.pop(op.file, []))
        elif op.kind == "syncdir":
            renamed(self.names, self.pending_names.pop(op.path, []))
        elif op.kind != "mark":
            self.pending_names.setdefault(str(Path(op.path).parent), []).append(op)

    def state(self, dice: random.Random, share: float) -> dict[str, bytes]:
        """Return files by path as the disk may hold them now: each pending thing got there with a probability of ``share``."""
        names = dict(self.names)
        for ops in self.pending_names.values():
            renamed(names, [op for op in ops if dice.random() < share])
        contents = dict(self.bytes)
        for file, ops in self.pending_bytes.items():
            contents[file] = changed(
                contents.get(file, b""), [torn(op, dice, share) for op in ops if dice.random() < share]
            )
        seen = {path: contents.get(file, b"") for path, file in names.items() if file and self._reachable(path, names)}
        return {path.removeprefix(self.root + "/"): data for path, data in seen.items()}

    def _reachable(self, path: str, names: dict[str, int]) -> bool:
        above = [str(p) for p in Path(path).parents if str(p).startswith(self.root + "/")]
        return all(folder in names for folder in above)


def torn(op: Op, dice: random.Random, share: float) -> Op:
    """Return a write that only half arrived, now and then."""
    if op.kind != "write" or share == 1 or dice.random() > TORN:
        return op
    return Op("write", op.path, op.file, op.at, op.data[: len(op.data) // 2])


def changed(data: bytes, ops: Iterable[Op]) -> bytes:
    held = bytearray(data)
    for op in ops:
        size = op.at if op.kind == "truncate" else op.at + len(op.data)
        held.extend(bytes(max(0, size - len(held))))
        if op.kind == "truncate":
            del held[size:]
        else:
            held[op.at : size] = op.data
    return bytes(held)


def renamed(names: dict[str, int], ops: Iterable[Op]) -> None:
    for op in ops:
        if op.kind == "unlink":
            names.pop(op.path, None)
        elif op.kind == "rename":
            names.pop(op.path, None)
            names[op.to] = op.file
        else:
            names[op.path] = op.file


Check = Callable[
    [Path, set[str]], str
]  # a folder as after a reboot, and the marks passed before; returns what is wrong


def job(place: Path, marks: set[str]) -> str:
    """Has a job that began a claim, is what was told readable, and is an end that was told kept?"""
    directory = place / "jobs" / "j"
    found = read_state(directory)
    if "began" in marks and found.life is Life.NEW:
        return "it began, and would be launched again"
    if "woken" in marks and (found.exit is None or found.exit.code != 0):
        return f"its end was told, and it is {found.life} now"
    if found.note == "exit record unreadable":
        return found.note
    try:
        if found.life is Life.NEW:
            prepare(directory, job_spec())
    except (ReaError, ValueError, OSError) as error:
        return f"it cannot be prepared again: {error}"
    return ""


def store(place: Path, marks: set[str]) -> str:
    """Is the journal a whole prefix with everything that was acknowledged?"""
    try:
        keys = [r.key for r in SqlJournal(Database(place / "store.db")).read(C)]
    except ReaError as error:
        return f"unreadable: {error}"
    expected = [note(word).key for n in range(APPENDS) for word in (f"{n}-a", f"{n}-b" + "x" * 3000)]
    if keys != expected[: len(keys)] or len(keys) % 2:
        return "not a prefix of what was appended"
    acknowledged = max((int(mark) for mark in marks if mark.isdigit()), default=0)
    return (
        "" if len(keys) >= 2 * acknowledged else f"{acknowledged} appends were acknowledged, {len(keys) // 2} are here"
    )


@dataclass(slots=True)
class Found:
    states: int = 0
    wrong: list[str] = field(default_factory=list)


def explore(ops: Sequence[Op], root: Path, check: Check, states: int, dice: random.Random) -> Found:
    """Lay out states after every call, each once, and look at them."""
    found, disk, marks, known = Found(), Disk(str(root)), set[str](), set[int]()
    disk.names[str(root / "jobs")] = 0
    per_call = max(4, 2 * states // max(1, len(ops)))
    for number, op in enumerate(ops):
        disk.take(op)
        marks |= {op.path} if op.kind == "mark" else set()
        for attempt in range(per_call):
            share = (0.0, 1.0)[attempt] if attempt < 2 else dice.choice((0.2, 0.5, 0.8))
            state = disk.state(dice, share)
            name = hash((frozenset(state.items()), frozenset(marks)))
            if name in known:
                continue
            known.add(name)
            found.states += 1
            if wrong := looked_at(state, root, check, marks):
                found.wrong.append(f"after call {number} ({op.kind} {Path(op.path).name}): {wrong}")
    return found


def looked_at(state: dict[str, bytes], root: Path, check: Check, marks: set[str]) -> str:
    shutil.rmtree(root, ignore_errors=True)
    (root / "jobs").mkdir(parents=True)
    for path, data in state.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return check(root, set(marks))


def forgetting(ops: Iterable[Op], kind: str, name: str) -> list[Op]:
    """Plant the bug: syncs of what is called so were never made."""
    return [op for op in ops if not (op.kind == kind and re.fullmatch(name, Path(op.path).name))]


PLANTS = (
    ("job", "sync", r"exit\.tmp"),
    ("job", "sync", r"spec\..*"),
    ("job", "syncdir", "control"),
    ("job", "syncdir", "j|jobs"),
    ("store", "sync", "store.db"),
    ("store", "sync", "store.db-journal"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--states", type=int, default=5000, help="of each kind, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plants", action="store_true")
    told = parser.parse_args()
    dice = random.Random(told.seed)
    if shutil.which("strace") is None:
        raise SystemExit("no strace: install it to record what reaches the disk")
    work = Path(tempfile.mkdtemp(prefix="rea-power-")).resolve()
    here = str(Path(__file__).resolve().parent)
    scripts = {"job": JOB.format(here=here), "store": STORE.format(appends=APPENDS)}
    checks: dict[str, Check] = {"job": job, "store": store}
    bad, ops = False, dict[str, list[Op]]()
    for kind, script in scripts.items():
        root = work / kind
        (root / "jobs").mkdir(parents=True)
        ops[kind] = record(script, root)
        found = explore(ops[kind], root, checks[kind], told.states, dice)
        print(
            f"power loss, {kind}: {len(ops[kind])} calls, {found.states} states, {len(found.wrong)} wrong",
            *found.wrong[:5],
            sep="\n  ",
            flush=True,
        )
        bad |= bool(found.wrong) or not found.states
    if told.plants:
        caught = [
            explore(forgetting(ops[k], sync, name), work / k, checks[k], told.states, dice).wrong
            for k, sync, name in PLANTS
        ]
        for (kind, sync, name), words in zip(PLANTS, caught, strict=True):
            print(f"  planted: no {sync} of {name} in the {kind}: {words[0] if words else 'NOT CAUGHT'}")
        print(f"{sum(map(bool, caught))} of {len(caught)} planted bugs caught", flush=True)
        bad |= not all(caught)
    shutil.rmtree(work)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
