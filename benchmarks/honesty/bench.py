"""Whole simulated campaigns with known truth, thousands a setting: how often do they launch what does not help, and what are their figures worth?

    python -m benchmarks.honesty.bench          # N=4000 campaigns a setting, WORKERS=2, SETTINGS='null;dense' (beginnings of names)

Every campaign is the shipped one: calibration, groups that share runs, belief, search, Confirmation, the ledger and the guard, only its trainings and
rows are simulated. Each outcome is kept at once under build/statistics, by the code that decided; an interrupted run goes on where it stopped.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.honesty.figures import HEAD, figures, missed, row, worst
from benchmarks.honesty.settings import SETTINGS, Setting
from benchmarks.honesty.world import Planted, Told, unit

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 20  # units that a process runs before they are written down
DECIDES = ("domain", "statistics", "knowledge", "planner", "campaign", "executor", "testing")
PLANTED = 200  # campaigns that confirm on what chose, to see that the figures notice


def main() -> int:
    """Run what is missing, print a line a setting, and return 1 where a bar is missed."""
    wanted, names = int(os.environ.get("N", "4000")), os.environ.get("SETTINGS", "").split(";")
    chosen = [s for s in SETTINGS if any(s.name.startswith(name) for name in names)]
    shelf = ROOT / "build" / "statistics" / code()
    shelf.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        for setting in chosen:
            complete(pool, shelf, setting, units(setting, wanted))
    found = [(s, figures([told for _, told in kept(shelf, s)][: units(s, wanted)])) for s in chosen]
    broken = figures(
        [unit(SETTINGS[0], seed, Planted(old_seeds=True, old_rows=True)) for seed in range(min(PLANTED, wanted))]
    )
    print("\n".join([HEAD, *(row(s.name, f) for s, f in found)]))
    print(
        f"null, confirmed on the runs and rows that chose (what we refuse): false launches {broken.false / broken.units:.3f} of {broken.units}"
    )
    fell = list(missed(found))
    print("".join(f"missed: {line}\n" for line in fell), end="")
    a, b, c, d = worst(found)
    print(f"statistics: false launches {a:.4f}, power {b:.3f}, coverage {c:.3f}, overtuning {d:.4f}")
    return int(bool(fell))


def units(setting: Setting, campaigns: int) -> int:
    """Return how many units make so many campaigns; at least enough to bound a rate of nothing."""
    return max(1, campaigns // setting.series)


def complete(pool: ProcessPoolExecutor, shelf: Path, setting: Setting, wanted: int) -> None:
    """Run the units that are missing."""
    done = {seed for seed, _ in kept(shelf, setting)}
    missing = [seed for seed in range(wanted) if seed not in done]
    began, chunks = time.monotonic(), [missing[i : i + CHUNK] for i in range(0, len(missing), CHUNK)]
    with path(shelf, setting).open("a") as file:
        for number, lines in enumerate(pool.map(chunk, [SETTINGS.index(setting)] * len(chunks), chunks), start=1):
            file.write("".join(f"{json.dumps(line)}\n" for line in lines))
            file.flush()
            pace = (time.monotonic() - began) / number
            say(
                f"{setting.name}: {min(number * CHUNK, len(missing)) + len(done)}/{wanted}, {pace * (len(chunks) - number):.0f} s left"
            )
    say("")


def chunk(setting: int, seeds: Sequence[int]) -> list[tuple[int, list[Told]]]:
    """Run some units in a process of their own."""
    return [(seed, unit(SETTINGS[setting], seed)) for seed in seeds]


def kept(shelf: Path, setting: Setting) -> Iterator[tuple[int, list[Told]]]:
    """Yield the units that are done, each once; a line that was cut off is done again."""
    known: set[int] = set()
    lines = path(shelf, setting).read_text().splitlines(keepends=True) if path(shelf, setting).exists() else []
    for line in lines:
        if line.endswith("\n"):
            seed, told = json.loads(line)
            if seed not in known:
                known.add(seed)
                yield seed, told


def path(shelf: Path, setting: Setting) -> Path:
    return shelf / f"{hashlib.sha256(repr(setting.name).encode()).hexdigest()[:12]}.jsonl"


def code() -> str:
    """Return the digest of everything that decides, so that figures of other code are never mixed in."""
    files = [p for folder in DECIDES for p in sorted((ROOT / "src" / "rea" / folder).rglob("*.py"))]
    files += [Path(__file__).with_name(name) for name in ("settings.py", "world.py")]
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:12]


def say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:100}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
