"""Six models, each on two data sets: what this project's planner finds in 80 default trainings, and what others find in as many.

    make bench-planner [QUICK=1] [SEARCHES=5] [LEVELS=full,shared] [CELLS=deepfm.frappe,...] [WORKERS=2]

Trainings that are recorded are replayed, others are really done and recorded (needs REA_DATA), so an interrupted run goes on where it stopped.
QUICK=1 trains nothing and says what is missing. `pack` writes what was recorded into the project, `verify` retrains a few records, `pairing` says
what comparing under equal seeds buys.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.planner import pairing
from benchmarks.planner import records as recording
from benchmarks.planner import traces as tracing
from benchmarks.planner.cells import CELLS, UNTOUCHED
from benchmarks.planner.contenders import CONTENDERS
from benchmarks.planner.data import RANKER
from benchmarks.planner.records import Missing, Records
from benchmarks.planner.score import LEAST_CELLS, Result, complete, divisible, gain, headroom, ratio, reach
from benchmarks.planner.traces import AGENT, Task, Traces, chosen
from benchmarks.planner.trainer import WHOLE

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("PLANNER_WORK", ROOT / "build" / "planner"))
QUICK = bool(os.environ.get("QUICK"))
SHARES = (0.25, 0.5, 1.0)
EARLY = (0.2, 0.25, 0.33, 0.5, 1.0)  # at which this project's results are read off
SLOW = "gp"  # whose sampler takes longer than the trainings that it asks for: recorded when all others are
AUTOMATIC = ("tpe", "gp", "asha")
SHARED_CELLS = (
    "dlrm.frappe",
    "dcnv2.synthetic",
    "deepfm.ml100k",
    "finalmlp.synthetic",
    "masknet.adult",
    "autoint.ml100k",
)


def tasks() -> list[Task]:
    """Return every search, the first of each contender in each cell before the second of any; what is slow, and the untouched cell, come last."""
    searches, levels = int(os.environ.get("SEARCHES", "5")), os.environ.get("LEVELS", "full,shared").split(",")
    wanted = os.environ.get("CELLS", "").split(",") if os.environ.get("CELLS") else [cell.name for cell in CELLS]
    contenders = os.environ.get("CONTENDERS", ",".join((*CONTENDERS, AGENT))).split(",")
    found = [
        Task(level, cell, contender, number)
        for number in range(1, searches + 1)
        for level in levels
        for cell in CELLS
        for contender in contenders
        if cell.name in wanted and (level == "full" or (cell.name in SHARED_CELLS and number <= 3))
    ]
    return sorted(found, key=lambda task: (task.cell == UNTOUCHED, task.contender == SLOW))


@cache
def _known() -> tuple[Records, Traces]:
    return _records(replay_only=QUICK), Traces(WORK)


def _records(replay_only: bool = False) -> Records:
    sys.path.insert(0, str(RANKER))
    WORK.mkdir(parents=True, exist_ok=True)
    return Records(WORK, replay_only=replay_only)


def done(task: Task) -> tuple[Task, list[Result], int]:
    """Run or replay one search, and read it off; an empty list where a training is missing that may not be done."""
    records, traces = _known()
    before = records.fresh
    try:
        trace = traces.of(task, records)
        shares = EARLY if task.contender == AGENT else SHARES
        found = [
            Result(
                task.cell,
                task.contender,
                task.number,
                share,
                gain(records, task.cell, chosen(trace, task.level, share)),
            )
            for share in shares
        ]
    except Missing:
        return task, [], 0
    return task, found, records.fresh - before


def run(wanted: Sequence[Task]) -> Iterator[tuple[Task, list[Result]]]:
    """Do all tasks, several at a time, and say how far they are."""
    begun, count, fresh = time.monotonic(), 0, 0
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2")), mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(done, task) for task in wanted]):
            task, found, new = future.result()
            count, fresh = count + 1, fresh + new
            final = f"{found[-1].gain.value:+.2%}" if found else "not recorded"
            print(
                f"{count:4d} of {len(wanted)}  {time.monotonic() - begun:6.0f} s  {fresh:6d} new trainings  "
                f"{task.level} {task.cell.name} {task.contender} {task.number}: {final}",
                flush=True,
            )
            yield task, found


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for each cell: what each contender gained at the end, meaned over searches."""
    who = [c for c in (*CONTENDERS, AGENT) if any(r.contender == c for r in results)]
    yield f"{'relative NE gain on test':26s}" + "".join(f"{c:>9s}" for c in who)
    for cell in dict.fromkeys(r.cell for r in results):
        cells = [[r.gain.value for r in results if (r.cell, r.contender, r.share) == (cell, c, 1.0)] for c in who]
        yield f"{cell.name:26s}" + "".join(f"{fmean(x):+9.2%}" if x else f"{'-':>9s}" for x in cells)


def verdict(results: Sequence[Result]) -> Iterator[str]:
    """Yield the figures that are claimed, or why none are."""
    room = headroom(results)
    cells = divisible(room)
    searches = len({(r.cell, r.search) for r in results})
    yield f"compared: {searches} searches that every contender has done"
    yield f"cells where somebody gains more than 2 standard errors: {len(cells)} of {len(room)}"
    yield from (
        f"  not divided: {cell.name} (best {best.value:+.2%}, se {best.error:.2%})"
        for cell, best in room.items()
        if cell not in cells
    )
    if not cells:
        return
    for contender in dict.fromkeys(r.contender for r in results):
        shares = sorted({r.share for r in results if r.contender == contender})
        yield f"  {contender:7s} reach " + "  ".join(
            f"{s:.0%}: {reach(results, cells, room, contender, s):.2f}" for s in shares
        )


def headline(results: Sequence[Result], searches: int, level: str) -> str:
    """Return the last line."""
    room = headroom(results)
    cells = divisible(room)
    rivals = [c for c in AUTOMATIC if any(r.contender == c for r in results)]
    if not rivals or not any(r.contender == AGENT for r in results):
        return "planner: no ratio, contenders are missing"
    best = max(rivals, key=lambda c: reach(results, cells, room, c, 1.0) if cells else 0.0)
    factor, automatic = (ratio(results, (AGENT, 1.0), (who, 1.0), LEAST_CELLS[level]) for who in ("ofat", best))
    if factor is None or automatic is None:
        return f"planner: no ratio, {len(cells)} cells to divide by, over {searches} campaigns"
    theirs = reach(results, cells, room, best, 1.0)
    early = next((s for s in EARLY if reach(results, cells, room, AGENT, s) >= theirs), None)
    compute = f"reached with {early:.2f} of their compute" if early else "not reached with all of their compute"
    return (
        f"planner: {factor[0]:.2f} [{factor[1]:.2f}, {factor[2]:.2f}] times one-factor-at-a-time, "
        f"{automatic[0]:.2f} [{automatic[1]:.2f}, {automatic[2]:.2f}] times the best of TPE/GP/ASHA ({best}) at equal compute ({level} levers); "
        f"their result {compute}; over {searches} campaigns"
    )


def verify(count: int = 12) -> int:
    """Retrain some records, all begun before any is gone on with, and compare every figure; what differs was recorded by another trainer or on
    another kind of machine."""
    records = _records()
    by_name = {cell.name: cell for cell in CELLS}
    whole = [line for line in recording.SHELF.lines(WORK) if len(line["curve"]) > WHOLE]
    some = [
        (line, records.course(by_name[line["cell"]], tuple(line["words"].split(" ")), line["seed"]))
        for line in Random(1).sample(whole, min(count, len(whole)))
    ]
    for _, course in some:
        course.upto(0)
    off = 0
    for line, course in some:
        again = course.upto(WHOLE)
        same = [round(x, 5) for x in again.curve] == line["curve"] and round(again.test, 5) == line["test"]
        off += not same
        print(
            f"{'same ' if same else 'OTHER'} {line['cell']} seed {line['seed']}: test NE {line['test']} and {again.test:.5f}, "
            f"{line['seconds']:.2f} and {again.seconds:.2f} s"
        )
    print(f"verify: {off} of {len(some)} records differ")
    return int(off > 0)


def main() -> int:
    match sys.argv[1:]:
        case ["pack"]:
            print(f"{recording.SHELF.pack(WORK)} trainings and {tracing.SHELF.pack(WORK)} traces kept")
            return 0
        case ["pairing"]:
            print("\n".join(pairing.lines(WORK)))
            return 0
        case ["verify"]:
            return verify()
    if not QUICK and not os.environ.get("REA_DATA"):
        print(
            "SKIPPED, LOUDLY: new trainings need REA_DATA, the folder of the real data sets; QUICK=1 replays what is recorded"
        )
        return 0
    wanted = tasks()
    found = list(run(wanted))
    for level in sorted({task.level for task in wanted}, reverse=True):  # the full levers last: theirs is the last line
        results = [r for task, some in found if task.level == level for r in some]
        missing = sum(not some for task, some in found if task.level == level)
        print(f"\n{level} levers" + (f", {missing} searches are not recorded" if missing else ""))
        print("\n".join(table(results)))
        results = complete(results)
        print("\n".join(verdict(results)))
        campaigns = len({(r.cell, r.contender, r.search) for r in results})
        print((f"{level}: " if level != "full" else "") + headline(results, campaigns, level))
    return 0


if __name__ == "__main__":
    sys.exit(main())
