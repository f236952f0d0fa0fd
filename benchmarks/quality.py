"""Do the built-in models, tuned and trained in full, reach what is published for Frappe?

    make bench-quality [SEEDS=3] [MODELS=deepfm,dcnv2] [AT_ONCE=2]        needs REA_DATA, the folder with frappe/frappe.parquet

Validation and test rows are those of the published split, training negatives are drawn anew. Each model of ``tuned/frappe.toml`` is trained
under several seeds and scored on the test rows by scikit-learn; "reached" is a mean AUC at most 0.002 below the published one.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import log_loss, roc_auc_score

ROOT = Path(__file__).resolve().parent.parent
RANKER = ROOT / "src/rea/workloads/ranking"
PYTHON = ROOT / ".venv-ranking/bin/python"
SEEDS = int(os.environ.get("SEEDS", "3"))
AT_ONCE = int(os.environ.get("AT_ONCE", "2"))  # trainings, of one thread each
# of BARS, Frappe_x1: AUC of the published configuration; models that it does not hold are trained and printed all the same
PUBLISHED = {
    "autoint": 0.9848,
    "dcn": 0.9839,
    "dcnv2": 0.9845,
    "deepfm": 0.9842,
    "dlrm": 0.9840,
    "fibinet": 0.9832,
    "finalmlp": 0.9861,
    "finalnet": 0.9857,
    "fm": 0.9671,
    "fmfm": 0.9749,
    "fwfm": 0.9776,
    "lr": 0.9356,
    "masknet": 0.9837,
    "pnn": 0.9841,
    "widedeep": 0.9841,
    "xdeepfm": 0.9845,
}
WITHIN = 0.002


@dataclass(frozen=True)
class Score:
    """What one training reached on the test rows."""

    auc: float
    ne: float
    calibration: float
    seconds: float


def overrides(model: str) -> list[str]:
    """Return the tuned configuration of a model as overrides."""
    tuned = tomllib.loads((RANKER / "tuned" / "frappe.toml").read_text())
    words = tuned["all"] | tuned[model] | {"model": model}
    if not words.get("early_stopping"):
        words["evaluate"] = False  # scores of validation rows that nothing would read
    return [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in words.items()]


def train(model: str, seed: int, view: Path, label: np.ndarray) -> Score:
    """Train once and score the predictions of the test rows."""
    with tempfile.TemporaryDirectory(prefix="rea-quality-") as out:
        words = ["--data", str(view), "--out", out, "--seed", str(seed), *overrides(model)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [PYTHON, "-m", "ranker.train", *words], cwd=RANKER, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        p = pq.read_table(Path(out) / "predictions.parquet")["prediction"].to_numpy()
        rate, took = label.mean(), float(json.loads((Path(out) / "run.json").read_text())["train_seconds"])
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    return Score(float(roc_auc_score(label, p)), float(log_loss(label, p) / entropy), float(p.mean() / rate), took)


def lay_out(folder: Path) -> tuple[Path, np.ndarray]:
    """Write Frappe with a row id and without the test rows' labels, and return it with those."""
    table = pq.read_table(Path(os.environ["REA_DATA"]) / "frappe" / "frappe.parquet")
    test = np.asarray(table["split"].to_pylist()) == "test"
    label = table["label"].to_numpy().astype(np.float64)
    told = table.set_column(table.column_names.index("label"), "label", pa.array(np.where(test, np.nan, label)))
    view = folder / "frappe.parquet"
    pq.write_table(told.append_column("row_id", pa.array(np.arange(len(told)))), view)
    return view, label[test]


def main() -> int:
    """Train every model, print the table, and fail where a published figure is not reached."""
    if not (Path(os.environ.get("REA_DATA", "")) / "frappe" / "frappe.parquet").exists():
        print("SKIPPED, LOUDLY: the published figures need REA_DATA, the folder that holds frappe/frappe.parquet")
        return 0
    tuned = tomllib.loads((RANKER / "tuned" / "frappe.toml").read_text())
    models = os.environ.get("MODELS", "").split(",") if os.environ.get("MODELS") else [m for m in tuned if m != "all"]
    missed = []
    print("model       published  test AUC (sd)    gap      NE     (sd)    calibration  s", flush=True)
    with tempfile.TemporaryDirectory(prefix="rea-quality-") as name, ThreadPoolExecutor(AT_ONCE) as pool:
        view, label = lay_out(Path(name))
        jobs = {m: [pool.submit(train, m, seed, view, label) for seed in range(1, SEEDS + 1)] for m in models}
        for model, running in jobs.items():
            found = [job.result() for job in running]
            auc, ne = [s.auc for s in found], [s.ne for s in found]
            published = PUBLISHED.get(model, float("nan"))
            gap = fmean(auc) - published
            missed += [model] if gap < -WITHIN else []
            spread = (stdev(auc), stdev(ne)) if len(found) > 1 else (float("nan"),) * 2
            calibration, took = fmean(s.calibration for s in found), fmean(s.seconds for s in found)
            print(
                f"{model:<11} {published:.4f}     {fmean(auc):.4f} ({spread[0]:.4f})  {gap:+.4f}  {fmean(ne):.4f} ({spread[1]:.4f})  "
                f"{calibration:.3f}        {took:.0f}",
                flush=True,
            )
    compared = [model for model in models if model in PUBLISHED]
    reached = len(compared) - len(missed)
    print(f"quality: {reached} of {len(compared)} models within {WITHIN} of the published test AUC, {SEEDS} seeds each")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
