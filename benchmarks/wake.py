"""What hibernation costs: memory of an idle job's wrapper, and the time of wakes that find nothing to do.

    python benchmarks/wake.py [--jobs 8] [--repeats 30]

Prints each figure as a ratio to its limit, measured side by side in one run, and exits 1 if one is exceeded.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rea import gate
from rea.domain.ids import JobId
from rea.domain.job import Launch
from rea.executor.backends.local import LocalBackend

LIMIT_KB = 1000
LIMIT_NOTHING_S = 0.150
LIMIT_LOSER_S = 0.150
LIMIT_GATE_TO_PYTHON = 4.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=30)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        state = Path(temporary)
        directory = gate.place(state, "c")
        directory.mkdir(parents=True)
        bare = median([sys.executable, "-P", "-c", "pass"], told.repeats)
        nothing = median(gate_argv(state, "--due"), told.repeats)
        with gate.try_lock(directory) or sys.exit("the lock is not free"):
            loser = median(gate_argv(state, "c"), told.repeats)
        memory = idle_memory(state / "jobs", told.jobs)
    rows = [
        ("wrapper of an idle job, all of its processes", memory, LIMIT_KB, "kB PSS"),
        ("wake with nothing to do", nothing, LIMIT_NOTHING_S, "s"),
        ("waker that finds the campaign held", loser, LIMIT_LOSER_S, "s"),
        ("the same, against starting Python at all", loser / bare, LIMIT_GATE_TO_PYTHON, "x"),
    ]
    for name, value, limit, unit in rows:
        print(f"{name:46} {value:9.3f} {unit:6} {value / limit:6.2f} of its limit ({limit:g})")
    return int(any(value > limit for _, value, limit, _ in rows))


def gate_argv(state: Path, word: str) -> list[str]:
    return [sys.executable, "-P", "-m", "rea.gate", str(state), word]


def median(argv: list[str], repeats: int) -> float:
    return statistics.median(timed(lambda: subprocess.run(argv, check=True)) for _ in range(repeats))


def timed(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def idle_memory(root: Path, jobs: int) -> float:
    """Return the mean PSS in kB of the processes that wrap one job, the job itself left out."""
    backend = LocalBackend(root=root, grace_s=1)
    names = [JobId(f"j{number}") for number in range(jobs)]
    try:
        for name in names:
            backend.submit(sleeper(root, name))
        time.sleep(2)  # until every watcher sleeps
        return sum(sum(map(pss, wrapper_processes(root / name))) for name in names) / jobs
    finally:
        for name in names:
            backend.cancel(name)
        while not all(status.state.ended for status in backend.poll(names).values()):
            time.sleep(0.05)


def sleeper(root: Path, job: JobId) -> Launch:
    return Launch(
        job=job,
        directory=str(root / job),
        argv=(sys.executable, "-c", "import time; time.sleep(600)"),
        cwd="/",
        environment=(),
        time_limit_s=600,
        silence_limit_s=600,
    )


def wrapper_processes(directory: Path) -> set[int]:
    """Return the wrapper, its watcher and the watcher's sleep; never the job."""
    parents = {int(entry.name): parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    wrapper = int((directory / "control" / "claim").read_text().split()[0])
    job = int((directory / "control" / "job").read_text().split()[0])
    children = {pid for pid, above in parents.items() if above == wrapper} - {job}
    return {wrapper} | children | {pid for pid, above in parents.items() if above in children}


def parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
