"""What judging costs: each metric on a million rows against ranking them, and a whole judge process on 20,000 rows.

    python benchmarks/judge.py [--rows 1000000]

Prints each figure as a ratio to its limit, measured side by side in one run, and exits 1 if one is exceeded.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rea.domain.change import BASELINE
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.workload import Command, Data, Fidelity, MetricName, Workload
from rea.judge.metrics import score, variance_of_mean
from rea.judge.process import ProcessJudge
from rea.judge.seal import seal

LIMIT_SORTS = 8.0  # a metric with its variance, in rankings (argsort) of as many predictions
LIMIT_STARTS = 10.0  # a measured job, in starts of an interpreter that loads numpy
DATA = Data(path="", label="click", row_id="row_id", group="user", slices=("device",))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    ratios = {**metric_ratios(given.rows), **process_ratio()}
    print(json.dumps(ratios, indent=2))
    return int(any(ratio > 1 for ratio in ratios.values()))


def metric_ratios(rows: int) -> dict[str, float]:
    table = drawn(rows)
    prediction, label, group = (table[name].to_numpy() for name in ("hint", "click", "user"))
    unit = best(lambda: np.argsort(prediction)) * LIMIT_SORTS

    def once(metric: MetricName) -> None:
        found = score(metric, prediction, label, group)
        assert found is not None
        variance_of_mean(found.contribution, group)

    return {
        f"{metric} of {rows} rows / {LIMIT_SORTS:g} rankings": best(lambda m=metric: once(m)) / unit
        for metric in MetricName
    }


def process_ratio() -> dict[str, float]:
    """A job that is measured in a process of its own: 20,000 judge rows."""
    with tempfile.TemporaryDirectory() as place:
        campaign = Path(place)
        table = drawn(80_000)
        pq.write_table(table, campaign / "log.parquet")
        seal(DATA, campaign / "log.parquet", campaign, 1)
        view = pq.read_table(campaign / "data" / "select.parquet")
        asked = view.filter(pa.array(view["split"].to_numpy() == "test"))
        jobs = [JobId(f"j{i}") for i in range(3)]
        for i, job in enumerate(jobs):
            predict(campaign / "jobs" / job / "out", asked, i)
        waiting = iter(jobs)

        def once() -> None:
            judge = ProcessJudge(
                directory=campaign, workload=WORKLOAD, meta=lambda job: (int(job[1:]), BASELINE, Purpose.SELECT)
            )
            judge.measure([next(waiting)])

        taken = best(once)
    start = best(lambda: subprocess.run([sys.executable, "-P", "-c", "import numpy"], check=True))
    return {f"measuring {len(asked)} rows / {LIMIT_STARTS:g} starts": taken / start / LIMIT_STARTS}


WORKLOAD = Workload(
    name="log",
    command=Command(argv=()),
    data=DATA,
    primary=MetricName.NE,
    levers=(),
    fidelities=(Fidelity(name="full"),),
)


def predict(out: Path, asked: pa.Table, seed: int) -> None:
    out.mkdir(parents=True)
    noise = np.random.default_rng(seed).uniform(0.9, 1.0, len(asked))
    columns = {"row_id": asked["row_id"], "prediction": asked["hint"].to_numpy() * noise}
    pq.write_table(pa.table(columns), out / "predictions.parquet")


def drawn(rows: int) -> pa.Table:
    rng = np.random.default_rng(0)
    probability = 1 / (1 + np.exp(1 - rng.normal(size=rows)))
    return pa.table(
        {
            "row_id": np.arange(rows),
            "split": np.array(["train", "valid", "test"])[rng.choice(3, rows, p=[0.3, 0.5, 0.2])],
            "user": rng.integers(0, max(2, rows // 20), rows),
            "device": np.array(["phone", "tv"])[rng.integers(0, 2, rows)],
            "click": (rng.random(rows) < probability).astype(np.int8),
            "hint": probability,
        }
    )


def best(act: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few tries."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


if __name__ == "__main__":
    sys.exit(main())
