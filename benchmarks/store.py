"""What the journal costs: appending, reading, importing. ``python benchmarks/store.py [FOLDER]``; the folder chooses the disk."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rea.domain import event as e
from rea.domain.evidence import Measurement
from rea.domain.ids import Digest
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.storage import storage_report
from rea.testing.conformance_journal import C, ended, granted, note, reserved

EVENTS = 20_000


def life(index: int) -> tuple[e.Event, ...]:
    """Return what is recorded of one job: four events of ordinary size."""
    job = reserved(index, 10)
    slices = tuple(Measurement(metric="ne", value=0.8 + 1 / (n + 3), rows=1000, slice=f"day={n}") for n in range(7))
    measured = e.Measured(job=job.job.id, measurements=slices, fingerprint=Digest("f" * 64))
    return job, e.JobSubmitted(job=job.job.id, handle="1"), ended(index, 7), measured


def took(action: Callable[[], object]) -> float:
    """Return how many seconds ``action`` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def imported(modules: str) -> float:
    """Return the median seconds that importing takes in a fresh interpreter."""
    code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return median(float(run.stdout) for run in runs)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        database = Database(Path(folder) / "store.db")
        report = storage_report(database.path)
        print(f"{report.filesystem}, {report.mode}: {report.reason}")
        journal = SqlJournal(database)
        journal.append(C, granted(10**9))
        batches = [[event for n in range(5) for event in life(5 * batch + n)] for batch in range(50)]
        each = sorted(took(lambda b=batch: journal.append(C, b)) for batch in batches)
        print(
            f"append 20 events        {median(each) * 1e3:8.1f} ms median, {each[-1] * 1e3:.1f} ms worst of {len(each)}"
        )
        print(
            f"append 1 event          {median(took(lambda n=n: journal.append(C, [note(str(n))])) for n in range(50)) * 1e3:8.1f} ms"
        )
        rest = [event for n in range(1000, 1000 + (EVENTS - 1052) // 4) for event in life(n)]
        bulk = took(lambda: journal.append(C, rest))
        print(f"append {len(rest)} in one     {bulk * 1e3:8.0f} ms")
        length = journal.head(C).length
        print(f"read {length}, verified    {median(took(lambda: journal.read(C)) for _ in range(3)) * 1e3:8.0f} ms")
        print(
            f"read the last 20        {median(took(lambda: journal.read(C, length - 20)) for _ in range(20)) * 1e3:8.1f} ms"
        )
        print(
            f"open                    {median(took(lambda: Database(database.path)) for _ in range(20)) * 1e3:8.1f} ms"
        )
    print(f"import sqlalchemy       {imported('sqlalchemy') * 1e3:8.0f} ms")
    print(f"import rea.store.journal{imported('rea.store.journal') * 1e3:8.0f} ms")


if __name__ == "__main__":
    main()
