"""Everything that is tried to make `rea` lose, double or overspend something, and one line that says what came of it.

    make bench-durability        at most an hour; QUICK=1: some minutes, figures scaled down

Each part is a program of its own: whole simulated campaigns forked and killed (``forked.py``), real `rea` processes with real jobs killed
(``real_kills.py``), the n-th call of a disk failing (``nth_io.py``), the power going (``power_loss.py``), whole campaigns drawn from seeds on
virtual time (``seeds.py``; SEEDS=1000, of which two cores take two minutes). What the agent left is judged by
``audit.py`` and ``audit_stores.py``, which import nothing of it. Planted bugs say what the checkers can see.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from wake import idle_memory

HERE = Path(__file__).resolve().parent
QUICK = bool(os.environ.get("QUICK"))
FORKED, REAL = (400, 12) if QUICK else (10_000, 300)
ASIDE = 1 if QUICK else 2  # injectors of real kills, at once
EVERY = 301 if QUICK else 1  # every so manieth call of the store fails
STATES = 200 if QUICK else 5000
SEEDS = int(os.environ.get("SEEDS", "40" if QUICK else "1000"))
IDLE_JOBS = 8
IDLE_LIMIT_MB = 1.0


@dataclass(slots=True)
class Told:
    """What the parts said."""

    kills: int = 0
    lost: int = 0
    duplicated: int = 0
    over: int = 0
    spans: list[float] = field(default_factory=list)
    caught: int = 0
    planted: int = 0
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def part(self, *words: str, needs: str = "") -> None:
        """Run one part, show what it prints, and take in its figures."""
        if needs and shutil.which(needs) is None:
            self.left_out.append(f"{words[0]}: install {needs}")
            return
        done = subprocess.run(
            (sys.executable, str(HERE / words[0]), *words[1:]), check=False, capture_output=True, text=True
        )
        print(done.stdout, end="", flush=True)
        if done.returncode:
            self.failed.append(words[0])
            print(done.stderr[-2000:], flush=True)
        for kills, lost, twice, over in re.findall(
            r"(\d+) kills in .*?, (\d+) lost, (\d+) duplicated, (\d+) over budget", done.stdout
        ):
            self.add(int(kills), int(lost), int(twice), int(over))
        for caught, planted in re.findall(r"^(\d+) of (\d+) planted bugs caught", done.stdout, re.MULTILINE):
            self.caught, self.planted = self.caught + int(caught), self.planted + int(planted)

    def add(self, kills: int, lost: int, twice: int, over: int) -> None:
        self.kills, self.lost = self.kills + kills, self.lost + lost
        self.duplicated, self.over = self.duplicated + twice, self.over + over

    def real(self) -> None:
        """Kill real processes, in several campaigns at once."""
        share = str(-(-REAL // ASIDE))
        argv = (sys.executable, str(HERE / "real_kills.py"))
        environments = [{**os.environ, "KILLS": share, "SEED": str(number)} for number in range(ASIDE)]
        running = [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) for env in environments]
        for process in running:
            text, _ = process.communicate()
            print(text, end="", flush=True)
            figures = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
            if process.returncode or not figures:
                self.failed.append("real_kills.py")
            for found in figures:
                self.add(found["kills"], found["lost"], found["duplicated"], found["over"])
                self.spans += found["spans"]

    def last_line(self, idle_mb: float) -> str:
        ordered = sorted(self.spans) or [0.0]
        p50, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        return (
            f"durability: {self.kills} kills, {self.lost} lost, {self.duplicated} duplicated, {self.over} over budget; "
            f"wake p50 {p50:.0f} ms, p99 {p99:.0f} ms; idle {idle_mb:.2f} MB; {self.caught} of {self.planted} planted bugs caught"
        )


def main() -> int:
    began, told = time.monotonic(), Told()
    told.real()
    shapes = ("--shapes", "two at once", "shortest", "stopped") if QUICK else ()
    exhaustive = () if QUICK else ("--exhaustive", "shortest", "--exhaustive", "short")
    # all bugs are planted each time: one that is planted beside a guard that was added since is caught by nobody, and tells nothing
    told.part("forked.py", "--kills", str(FORKED), *shapes, *exhaustive, "--plants")
    told.part("nth_io.py", "--every", str(EVERY), needs="cc")
    told.part("nth_io.py", "--every", "401", "--plant", needs="cc")
    told.part("power_loss.py", "--states", str(STATES), "--plants", needs="strace")
    told.part("seeds.py", "--count", str(SEEDS), "--plants")
    with tempfile.TemporaryDirectory() as folder:
        idle_mb = idle_memory(Path(folder) / "jobs", IDLE_JOBS) / 1000
    for missing in told.left_out:
        print(f"left out: {missing}")
    scaled = "scaled down (QUICK)" if QUICK else "all in full"
    print(f"{time.monotonic() - began:.0f} s; {scaled}; failed: {', '.join(told.failed) or 'nothing'}")
    print(told.last_line(idle_mb))
    return int(
        bool(
            told.failed
            or told.lost
            or told.duplicated
            or told.over
            or told.caught < told.planted
            or idle_mb > IDLE_LIMIT_MB
        )
    )


if __name__ == "__main__":
    sys.exit(main())
