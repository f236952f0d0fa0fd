"""The n-th write, sync, open, rename or removal fails, for all n: is every failure told, and is nothing lost?

    python benchmarks/nth_io.py [--every 1] [--plant]

The agent is each forked child: a whole simulated campaign on a database, or the launch of a real job. The faults come from ``faults.c``,
loaded before libc, so SQLite's own calls fail, too: with EIO and ENOSPC, once, and ENOSPC from then on until the failure was told (the disk is
full and somebody frees it). ``audit_stores.py`` judges the campaigns; a job has to run exactly once.
"""

import argparse
import ctypes
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from forked import judged, trace
from plants import SHAPES, SHORTEST

from rea import gate
from rea.campaign.waker import passes
from rea.domain.errors import BackendUnreachable, ReaError, StoreError
from rea.domain.event import Event
from rea.domain.ids import CampaignId, JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.local import LocalBackend
from rea.store.journal import SqlJournal
from rea.testing.durable import durable

HERE = Path(__file__).resolve().parent
FOREVER = 10**9
MOST_TOLD = 5
PATIENCE_S, LONGEST_S = 10.0, 15
FAULTS = (("EIO", errno.EIO, False), ("ENOSPC", errno.ENOSPC, False), ("ENOSPC until freed", errno.ENOSPC, True))


class Faults:
    """The shim, as loaded into this process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.faults_what.restype = ctypes.c_char_p

    def arm(self, below: str, first: int, last: int, number: int) -> None:
        self._library.faults_arm(below.encode(), ctypes.c_long(first), ctypes.c_long(last), number)

    def disarm(self) -> None:
        self.arm("", 0, 0, 0)

    @property
    def seen(self) -> int:
        return int(self._library.faults_seen())

    @property
    def what(self) -> str:
        return str(self._library.faults_what().decode())


def loaded() -> Faults:
    """Return the shim, after starting this very program again with it where it is not there yet."""
    if "faults" in os.environ.get("LD_PRELOAD", ""):
        return Faults()
    library = Path(tempfile.mkdtemp(prefix="rea-faults-")) / "faults.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("no C compiler: install gcc to make calls of SQLite fail")
    subprocess.run((compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"), check=True)
    os.environ["LD_PRELOAD"] = str(library)
    raise SystemExit(os.execv(sys.executable, (sys.executable, *sys.argv)))


Agent = Callable[[Path, Callable[[BaseException], None]], None]  # does its work in a folder, and says what it was told


def campaign(place: Path, told: Callable[[BaseException], None]) -> None:
    """See a campaign to its end, looking again after a failure as the waker does."""
    for _ in range(MOST_TOLD):
        try:
            durable(place, SHAPES[SHORTEST]).finish()
            return
        except StoreError as error:
            told(error)
    raise AssertionError("told again and again")


def launch(place: Path, told: Callable[[BaseException], None]) -> None:
    """Submit a job until it is launched, and wait for its end."""
    backend, job = LocalBackend(root=place / "jobs", claim_grace_s=0.0), JobId("j")
    argv = ("/bin/sh", "-c", f"echo started >>{place}/starts")
    directory = str(place / "jobs" / job)
    wanted = Launch(
        job=job, directory=directory, argv=argv, cwd="/", environment=(), time_limit_s=60, silence_limit_s=60
    )
    for _ in range(MOST_TOLD):
        try:
            backend.submit(wanted)
            break
        except BackendUnreachable as error:
            told(error)
        except OSError as error:
            assert passes(error)  # the waker tries again
            told(StoreError(str(error), "the waker tries again in a minute"))
    end = time.monotonic() + PATIENCE_S
    while not (state := backend.poll([job])[job].state).ended:
        assert time.monotonic() < end, f"the job is {state}"
        time.sleep(0.005)
    assert state is JobState.SUCCEEDED, state
    assert (place / "starts").read_text() == "started\n"


def look(place: Path, told: Callable[[BaseException], None]) -> None:
    """Knock, look and note when to look again; a look that fails is owed, and so is a knock that was not refused."""
    directory = gate.place(place, "c")
    try:
        with gate.knock(directory) or sys.exit("held"):
            gate.begin_look(directory)
            gate.end_look(directory, None)
    except OSError as error:
        told(StoreError(str(error), "the gate's main says so and exits with 21"))
        assert gate.owed(directory, time.time()) or error.filename.endswith(("pending", "lock")), "a look is lost"


@dataclass(slots=True)
class Found:
    """What became of every n."""

    kind: str
    runs: int = 0
    told: int = 0
    absorbed: int = 0  # the call failed, nobody was told, and nothing was lost
    exits: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def words(self) -> str:
        codes = ", ".join(f"{n} x {code}" for code, n in sorted(self.exits.items()))
        return f"{self.kind}: {self.runs} failing calls, {self.told} told (exit codes {codes}), {self.absorbed} absorbed, {len(self.wrong)} wrong"


def child(work: Callable[[], None], log: Path | None = None) -> int:
    """Do ``work`` in a process of its own, and return its exit status; why it failed is in ``log``."""
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.alarm(LONGEST_S)
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 the child may only end by os._exit
            (log or Path(os.devnull)).write_text(traceback.format_exc())
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


def attempt(faults: Faults, agent: Agent, place: Path, below: str, n: int, number: int, sticky: bool) -> None:
    """Be the agent whose n-th call fails, and write down what it was told."""
    said: list[tuple[str, str, int]] = []
    failed = set[str]()

    def told(error: BaseException) -> None:
        assert isinstance(error, ReaError)
        assert error.message, error
        assert error.hint, error
        said.append((error.message, error.hint, error.exit_code))
        failed.add(faults.what)
        if sticky:
            faults.disarm()

    faults.arm(below, n, FOREVER if sticky else n, number)
    try:
        agent(place, told)
    finally:
        seen, what = faults.seen, " ".join(failed | {faults.what}).strip()
        faults.disarm()
        (place / "said").write_text(json.dumps({"seen": seen, "what": what, "said": said}))


def every(
    faults: Faults, kind: str, agent: Agent, below: str, places: Iterator[Path], step: int, worker: tuple[int, int]
) -> Found:
    """Let each call fail in its turn."""
    found = Found(kind)
    counted = next(places)
    assert child(lambda: attempt(faults, agent, counted, below, 0, 0, False)) == 0
    calls = json.loads((counted / "said").read_text())["seen"]
    for name, number, sticky in FAULTS:
        for n in range(1 + step * worker[0], calls + 1, step * worker[1]):
            place = next(places)
            status = child(partial(attempt, faults, agent, place, below, n, number, sticky), place / "error")
            if not (place / "said").exists():
                found.wrong.append(f"{name}, call {n}: exit {status}; see {place}")
                break
            said = json.loads((place / "said").read_text())
            found.runs += bool(said["what"])
            found.told += bool(said["said"])
            found.absorbed += bool(said["what"]) and not said["said"]
            found.exits.update(code for _, _, code in said["said"])
            if status:
                found.wrong.append(f"{name}, call {n} ({said['what']}): exit {status}; see {place}")
    return found


def places(work: Path, like: Path | None = None) -> Iterator[Path]:
    """Yield one fresh folder after another."""
    number = 0
    while True:
        place = work / f"n{number}"
        gate.place(place, "c").mkdir(parents=True)
        if like:
            (place / "like").symlink_to(like)
        number += 1
        yield place


def share(faults: Faults, work: Path, like: Path, step: int, worker: tuple[int, int]) -> list[Found]:
    """Do one worker's part of everything."""
    campaigns = every(faults, "store", campaign, "store.db", places(work / "store", like), step, worker)
    for place, kinds in judged(sorted((work / "store").iterdir())).items():
        campaigns.wrong += [f"{place}: {word}" for words in kinds.values() for word in words]
    jobs = every(faults, "job directory", launch, "/jobs/", places(work / "job"), max(1, step // 20), worker)
    looks = every(faults, "gate", look, "/campaigns/", places(work / "gate"), 1, worker)
    return [campaigns, jobs, looks]


def swallow() -> None:
    """Plant the bug: an append that fails is taken for one that was made."""
    right = SqlJournal.append

    def hopeful(journal: SqlJournal, name: CampaignId, events: Sequence[Event], *, expected: int | None = None) -> int:
        try:
            return right(journal, name, events, expected=expected)
        except StoreError:
            return len(journal.read(name)) + len(events)

    SqlJournal.append = hopeful


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="every so manieth call of the store")
    parser.add_argument(
        "--plant", action="store_true", help="an agent that swallows what it is told: this has to be seen"
    )
    told = parser.parse_args()
    faults = loaded()
    shm = Path("/dev/shm")
    work = Path(tempfile.mkdtemp(prefix="rea-nth-io-", dir=shm if shm.is_dir() else None))
    like, _ = trace(work, SHORTEST)
    if told.plant:
        swallow()
    everything = share(faults, work, like, told.every, (0, 1))
    for found in everything:
        print(found.words(), *found.wrong[:5], sep="\n  ", flush=True)
    bad = any(found.wrong for found in everything)
    if told.plant:
        print(f"{int(bad)} of 1 planted bugs caught")
        shutil.rmtree(work)
        return int(not bad)
    if bad:
        print(f"kept for a look: {work}")
    else:
        shutil.rmtree(work)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
