"""A small log with a known truth, sealed, and jobs that predict it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.workload import Command, Data, Fidelity, Guardrail, MetricName, Workload
from rea.judge.process import ProcessJudge
from rea.judge.seal import Sealed

DATA = Data(
    path="log.parquet",
    label="click",
    row_id="impression",
    day="day",
    group="user",
    slices=("device",),
    oracle="best",
)
WORKLOAD = Workload(
    name="small",
    command=Command(argv=("{python}",), claims="metrics.json"),
    data=DATA,
    primary=MetricName.NE,
    levers=(),
    fidelities=(Fidelity(name="full"),),
    guardrails=(Guardrail(metric="auc", slice="device", margin=0.01), Guardrail(metric="latency_us", high=9.0)),
)


def make_log(rows: int = 4000, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    user = rng.integers(0, 150, rows)
    logit = -1.0 + rng.normal(size=150)[user] + rng.normal(size=rows)
    best = 1 / (1 + np.exp(-logit))
    day = np.sort(rng.integers(0, 10, rows))
    return pa.table(
        {
            "impression": rng.permutation(rows) + 7,
            "split": np.array(["train", "valid", "test"])[np.digitize(day, [4, 7])],
            "day": day,
            "click": (rng.random(rows) < best).astype(np.int8),
            "user": user,
            "device": np.array(["phone", "tablet", "tv"])[rng.choice(3, rows, p=[0.6, 0.39, 0.01])],
            "logit": logit,
            "best": best,
        }
    )


def rows_of(table: pa.Table, split: str) -> pa.Table:
    return table.filter(pa.array(np.asarray(table["split"].to_numpy()) == split))


@dataclass
class Campaign:
    """A sealed campaign, and jobs in it that a test makes up."""

    directory: Path
    table: pa.Table
    sealed: Sealed
    seeds: dict[JobId, int] = field(default_factory=dict)
    purposes: dict[JobId, Purpose] = field(default_factory=dict)

    def view(self, name: str = "select") -> pa.Table:
        return pq.read_table(self.directory / "data" / f"{name}.parquet")

    def to_predict(self, name: str = "select") -> pa.Table:
        return rows_of(self.view(name), "test")

    def out(self, job: str) -> Path:
        path = self.directory / "jobs" / job / "out"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def run(self, job: str, seed: int, purpose: Purpose = Purpose.SELECT, noise: float = 0.5) -> JobId:
        """Leave behind what an honest training would: the truth with noise of its own."""
        view = self.to_predict("select" if purpose is Purpose.SELECT else "confirm")
        logit = view["logit"].to_numpy() + noise * np.random.default_rng(seed).normal(size=len(view))
        return self.write(job, seed, view["impression"].to_numpy(), 1 / (1 + np.exp(-logit)), purpose)

    def write(
        self,
        job: str,
        seed: int,
        row_id: Sequence[int] | NDArray[np.generic],
        prediction: Sequence[float] | NDArray[np.float64],
        purpose: Purpose = Purpose.SELECT,
    ) -> JobId:
        self.seeds[JobId(job)], self.purposes[JobId(job)] = seed, purpose
        pq.write_table(pa.table({"row_id": row_id, "prediction": prediction}), self.out(job) / "predictions.parquet")
        return JobId(job)

    def meta(self, job: JobId) -> tuple[int, Change, Purpose]:
        return self.seeds[job], BASELINE, self.purposes[job]

    def judge(self, workload: Workload = WORKLOAD) -> ProcessJudge:
        return ProcessJudge(directory=self.directory, workload=workload, meta=self.meta)
