"""A campaign of 10,000 experiments and 1,000,000 events among 1,000 campaigns in one store: what a wake, a look and a rebuild then take.

    make bench-scale [EXPERIMENTS=10000] [EVENTS=1000000] [CAMPAIGNS=1000] [STATE=folder]       QUICK=1: a fiftieth of it

``scale_store.py`` writes the store, which is kept in STATE, if that is given, for the next time. Every wake is a process of its own that goes
the program's own way: the gate, the journal, snapshots, fold, decisions, door and search. Simulated are only the jobs and the judge's
measuring, whose time is left out by that. The other half of judging, a phase's verdicts, is real: its time is told, and the limit of a wake holds for
the rest of it. Figures that miss their limit are marked, and make it exit 1. Beside each process a bare Python that only imports two libraries is
timed, since a machine may be twice as slow as it was a minute ago: the limit is by the clock, and the ratio tells slow code from a slow spell.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from scale_store import QUEUE, store

from rea import gate
from rea.domain.event import Steered
from rea.domain.ids import CampaignId
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

QUICK = bool(os.environ.get("QUICK"))
EXPERIMENTS = int(os.environ.get("EXPERIMENTS", "200" if QUICK else "10000"))
EVENTS = int(os.environ.get("EVENTS", "20000" if QUICK else "1000000"))
CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "20" if QUICK else "1000"))
REPEATS = 3 if QUICK else 9
ENDINGS = 1 if QUICK else 3  # of a campaign, which has each of its last wakes once
ALL = "99"
CONCLUDED = "the-campaign-is-concluded"
DAYS_S = 1.0 if QUICK else 15.0  # of whole campaigns on the simulated cluster
TRAINING_S = 6 * 3600.0  # that one simulated training takes
BARE = ("-c", "import numpy, sqlalchemy")
CHILD = str(Path(__file__).with_name("scale_wake.py"))


@dataclass(slots=True)
class Table:
    """The figures as they come; a limit that is missed is counted."""

    missed: int = 0

    def row(self, name: str, value: float, unit: str, limit: float | None = None, *, least: bool = False) -> None:
        wrong = limit is not None and (value < limit if least else value > limit)
        self.missed += wrong
        bound = "" if limit is None else f"{'at least' if least else 'at most'} {limit:g}{'   MISSED' if wrong else ''}"
        print(f"{name:62} {value:9.3f} {unit:6} {bound}", flush=True)

    def took(self, name: str, found: list["Took"], limit_s: float) -> None:
        """Print the median and the slowest of some processes, their processor time, which tells a busy machine, and their ratio to bare ones.

        Where they gave verdicts, the limit is for all else that they did.
        """
        judging, whole = median(t.verdicts_s for t in found), median(t.seconds for t in found)
        self.row(f"{name}, median of {len(found)}", whole, "s", None if judging else limit_s)
        if judging:
            self.row("  without its verdicts", whole - judging, "s", limit_s)
        slowest, cpu = max(t.seconds for t in found), median(t.cpu_s for t in found)
        print(f"  slowest {slowest:.3f} s; processor time {cpu:.3f} s at the median{_ratio(found)}", flush=True)


def _ratio(found: list["Took"]) -> str:
    beside = [t.seconds / t.bare_s for t in found if t.bare_s]
    return f"; {median(beside):.1f} times a bare import of NumPy and SQLAlchemy beside it" if beside else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one process said, and the seconds it took: by the clock, of processor time, in verdicts by the clock, and a bare one's beside it."""

    said: str
    seconds: float
    cpu_s: float
    verdicts_s: float
    bare_s: float = 0.0  # none was timed


def beside(*argv: str) -> Took:
    """Run one process, and right before it a bare one."""
    bare = took(*BARE).seconds
    return replace(took(*argv), bare_s=bare)


def took(*argv: str) -> Took:
    """Run one process."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-P", *argv], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    verdicts_s = float(said.split()[2]) if argv[0] == CHILD else 0.0
    return Took(said=said, seconds=seconds, cpu_s=usage.ru_utime + usage.ru_stime, verdicts_s=verdicts_s)


def wakes(state: Path, table: Table) -> None:
    """Wake the large campaign, as the timer and as ended jobs do: none ended, one, all, and one where a snapshot is due."""
    seen: dict[str, list[Took]] = {}
    one, several, kept = ("1",), (ALL,), ("1", "keep")
    for words in (*[("0",)] * REPEATS, *[one] * REPEATS, *[several] * (QUEUE + REPEATS), *[kept] * 3):
        woken = beside(CHILD, "wake", str(state), CAMPAIGN, *words)
        seen.setdefault(woken.said.split()[0], []).append(woken)
    tell(seen, table)


def end(state: Path, table: Table) -> None:
    """Have copies of the large campaign finish, as an engineer may ask: its last phase is closed, Confirmation runs, it is concluded."""
    copy = state / "ending"
    seen: dict[str, list[Took]] = {}
    while len(seen.get(CONCLUDED, [])) < ENDINGS:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(gate.place(state, CAMPAIGN), gate.place(copy, CAMPAIGN))
        shutil.copyfile(state / "store.db", copy / "store.db")
        os.sync()  # or the first wakes wait until the copy lies on the disk
        asked = Steered(wish="finish", target="", by="an engineer", command="finish")
        SqlJournal(Database(copy / "store.db")).append(CampaignId(CAMPAIGN), [asked])
        ends(copy, seen)
    tell({f"at the end, {kind}": found for kind, found in seen.items()}, table)
    shutil.rmtree(copy)


def ends(copy: Path, seen: dict[str, list[Took]]) -> None:
    """Wake a campaign until it is concluded."""
    kind = ""
    while kind != CONCLUDED:
        woken = beside(CHILD, "wake", str(copy), CAMPAIGN, ALL)
        kind = woken.said.split()[0]
        seen.setdefault(kind, []).append(woken)


def tell(seen: Mapping[str, list[Took]], table: Table) -> None:
    for kind, found in seen.items():
        table.took(f"wake: {kind.replace('-', ' ')}", found, 1.0)
        table.row("  memory at its peak", max(megabytes(t) for t in found), "MB", 200.0)


def megabytes(of: Took) -> float:
    return float(of.said.split()[1])


def looks(state: Path, table: Table) -> None:
    """Look at the store as people and the timer do."""
    status = ("-m", "rea.cli", "status", "--state", str(state))
    small = str(SqlJournal(Database(state / "store.db")).campaigns()[-1])
    table.took("wake with nothing to do, of all campaigns", repeated("-m", "rea.gate", str(state), "--due"), 0.150)
    table.took("wake of a small campaign", repeated(CHILD, "wake", str(state), small), 1.0)
    table.took("rea status of a small campaign", repeated(*status, "-c", small), 1.0)
    table.took("rea status without a name, the newest", repeated(*status), 1.0)
    table.took("rea status of the large campaign", repeated(*status, "-c", CAMPAIGN), 1.0)


def repeated(*argv: str) -> list[Took]:
    return [beside(*argv) for _ in range(REPEATS)]


def days_a_minute() -> float:
    """Return the simulated days a minute that whole campaigns pass, the second slot and the plan's approval included."""
    began, days, seed = time.perf_counter(), 0.0, 0
    while (gone := time.perf_counter() - began) < DAYS_S or not seed:
        seed += 1
        effects = {f"lever{n}": 0.01 / (n + seed) for n in range(6)}
        world = World(truth=Truth(effects=effects, run_s=TRAINING_S), budget_s=300 * TRAINING_S)
        assert world.run().ended
        days += world.clock / 86400
    return days / gone * 60


@contextmanager
def folder() -> Iterator[Path]:
    """Give the folder of the store: a kept one, or one that is gone afterwards."""
    if kept := os.environ.get("STATE"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="rea-scale-") as name:
        yield Path(name)


def compiled(place: Path) -> None:
    """Let the processes to come find their modules compiled, as an installed program does, whatever this shell is told."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(place)
    took("-c", "import scipy.special")  # which the first wake that closes a phase would compile


def main() -> int:
    table = Table()
    with folder() as state:
        compiled(state / "compiled")
        store(state, EVENTS, EXPERIMENTS, CAMPAIGNS)
        log = SqlJournal(Database(state / "store.db"))
        events = log.head(CampaignId(CAMPAIGN)).length
        size = (state / "store.db").stat().st_size / 1e6
        print(
            f"{len(log.campaigns())} campaigns, one of {EXPERIMENTS} experiments and {events} events; {size:.0f} MB\n"
        )
        for word, name in (
            ("rebuild", "ledgers of all campaigns"),
            ("replay", "the large campaign's state, and its snapshot"),
        ):
            done = took(CHILD, word, str(state), CAMPAIGN)  # the first forgets the snapshots
            table.took(f"rebuild: {name}", [done], 60.0)
            table.row("  memory at its peak", megabytes(done), "MB")
        wakes(state, table)
        looks(state, table)
        end(state, table)
    table.row(
        f"simulated days a minute, trainings of {TRAINING_S / 3600:g} h", days_a_minute(), "d/min", 1000.0, least=True
    )
    print(f"scale: {table.missed} of the limits missed")
    return int(table.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
