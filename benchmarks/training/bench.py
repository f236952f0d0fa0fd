"""How fast the built-in ranker trains, against the fastest third-party trainer and against the machine.

    make bench-training [EPOCHS=15] [SEEDS=5] [PEER_SEEDS=1] [CELLS=deepfm:128-64,dcnv2:3x400]
                                                     needs REA_DATA, the folder with frappe/frappe.parquet

DeepFM, DCNv2 and AutoInt on Frappe, towers of 3 x 400 and of 128-64, dim 10, batch 4096, Adam at 1e-3, batch norm, one thread for everybody.
A job is a process: imports, reading, 15 epochs, predictions of the test rows. Nobody scores validation rows between epochs. The peers
are torch-rechub and DeepCTR-Torch; the faster of the two counts. Ours runs in fp32 like for like and at its best settings (bf16 where the
CPU has it), both with kernels=fused, whose first job compiles into an empty cache, with a falling rate, strong L2 on embeddings and averaged
weights, chosen on validation rows, without which 15 epochs over-fit. Equal quality: best settings less fp32 in mean test NE, seed by seed,
and best settings beside the better peer. `limit.py` says what share of the machine's limit a steady step reaches. PEER_SEEDS=0 compares our
own settings alone.
"""

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, median, stdev

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RANKER = ROOT / "src/rea/workloads/ranking"
PYTHON, PEERS = ROOT / ".venv-ranking/bin/python", ROOT / ".venv-peers/bin/python"
EPOCHS, SEEDS, PEER_SEEDS = (
    int(os.environ.get(*each)) for each in (("EPOCHS", "15"), ("SEEDS", "5"), ("PEER_SEEDS", "1"))
)
MODELS, LIBRARIES = ("deepfm", "dcnv2", "autoint"), ("rechub", "deepctr")
TOWERS = {"3x400": (400, 400, 400), "128-64": (128, 64)}
BATCH, DIM = 4096, 10
SETTINGS = (
    f"label=label batch_size={BATCH} embedding_dim={DIM} epochs={EPOCHS} learning_rate=0.001 schedule=cosine normalisation=batch "
    "embedding_l2=1 weight_averaging=0.99 interaction_depth=3 attention_heads=2 evaluate=false kernels=fused"
).split()
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
EQUAL_NE = 0.002
CELLS = [cell for cell in product(MODELS, TOWERS) if ":".join(cell) in os.environ.get("CELLS", ":".join(cell))]


@dataclass(frozen=True)
class Frappe:
    """The same rows for everybody: ``view`` for ours, ``columns`` for the peers, the test labels for the judge."""

    view: Path
    columns: Path
    label: np.ndarray


@dataclass(frozen=True)
class Run:
    """One job: wall and processor seconds of the process, NE on the test rows."""

    seconds: float
    processor: float
    ne: float


def lay_out(folder: Path) -> Frappe:
    """Write Frappe as each trainer wants it, without the test rows' labels."""
    table = pq.read_table(Path(os.environ["REA_DATA"]) / "frappe" / "frappe.parquet")
    split = np.asarray(table["split"].to_pylist())
    label = table["label"].to_numpy().astype(np.float32)
    fields = [name for name in table.column_names if name not in ("label", "split")]
    codes = np.stack([np.unique(table[name].to_numpy(), return_inverse=True)[1] for name in fields], axis=1).astype(
        np.int64
    )
    train, test = split == "train", split == "test"
    columns = folder / "frappe.npz"
    np.savez(columns, train=codes[train], test=codes[test], label=label[train], sizes=codes.max(axis=0) + 1)
    told = table.set_column(table.column_names.index("label"), "label", pa.array(np.where(test, np.nan, label)))
    pq.write_table(told.append_column("row_id", pa.array(np.arange(len(told)))), folder / "frappe.parquet")
    return Frappe(folder / "frappe.parquet", columns, label[test].astype(np.float64))


def normalized_entropy(label: np.ndarray, prediction: np.ndarray) -> float:
    """Return log loss over the entropy of the base rate."""
    p, rate = np.clip(prediction.astype(np.float64), 1e-7, 1 - 1e-7), label.mean()
    loss = -(label * np.log(p) + (1 - label) * np.log(1 - p)).mean()
    return float(loss / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


def processor_seconds() -> float:
    """Return what all ended jobs took of the processor: the fairer clock where other work runs beside."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(argv: list[str], where: Path) -> tuple[float, float]:
    """Run a job and return its wall and processor seconds; a job that fails ends the benchmark."""
    begun, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(argv, cwd=where, env=ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}\n{done.stderr[-2000:]}")
    return time.perf_counter() - begun, processor_seconds() - used


def peer(library: str, cell: tuple[str, str], seed: int, data: Frappe, folder: Path) -> Run:
    """Run a peer once."""
    model, tower = cell
    out = folder / "peer.npz"
    words = [
        "--tower",
        ",".join(map(str, TOWERS[tower])),
        "--epochs",
        str(EPOCHS),
        "--batch",
        str(BATCH),
        "--dim",
        str(DIM),
        "--seed",
        str(seed),
    ]
    taken = timed([str(PEERS), str(HERE / "peers.py"), library, model, str(data.columns), str(out), *words], folder)
    with np.load(out) as file:
        return Run(*taken, normalized_entropy(data.label, file["prediction"]))


def settings(cell: tuple[str, str], precision: str) -> list[str]:
    """Return ours as overrides."""
    model, tower = cell
    widths = TOWERS[tower]
    shape = [f"tower_width={widths[0]}", f"tower_depth={len(widths)}", f"tower_taper={widths[1] / widths[0]}"]
    return [*SETTINGS, *shape, f"model={model}", f"precision={precision}"]


def ours(cell: tuple[str, str], precision: str, seed: int, data: Frappe, folder: Path) -> Run:
    """Run ours once."""
    out = folder / "ours"
    words = ["--data", str(data.view), "--out", str(out), "--seed", str(seed), *settings(cell, precision)]
    taken = timed([str(PYTHON), "-m", "ranker.train", *words], RANKER)
    return Run(
        *taken, normalized_entropy(data.label, pq.read_table(out / "predictions.parquet")["prediction"].to_numpy())
    )


def limit(cell: tuple[str, str], precision: str, data: Frappe) -> dict:
    """Return what `limit.py` measures."""
    argv = [str(PYTHON), str(HERE / "limit.py"), str(data.view), *settings(cell, precision)]
    found: dict = json.loads(subprocess.run(argv, env=ONE_THREAD, capture_output=True, text=True, check=True).stdout)
    return found


@dataclass(frozen=True)
class Measured:
    """One model and tower: ours at best settings and in fp32, by seed; the peers, by name, and the share of the limit, if there were any."""

    best: list[Run]
    fp32: list[Run]
    peers: dict[str, list[Run]]
    share: float

    @property
    def fastest(self) -> list[Run]:
        return min(self.peers.values(), key=lambda runs: median(r.seconds for r in runs))

    def times(self, runs: list[Run], clock: str) -> float:
        """How many times the fastest peer ``runs`` are, by the median of a clock."""
        return median(getattr(r, clock) for r in self.fastest) / median(getattr(r, clock) for r in runs)

    @property
    def apart(self) -> tuple[float, float]:
        """Test NE of best settings less that of fp32, seed by seed: the mean and its standard error."""
        found = [a.ne - b.ne for a, b in zip(self.best, self.fp32, strict=True)]
        return fmean(found), stdev(found) / len(found) ** 0.5 if len(found) > 1 else math.nan


def mean_ne(runs: list[Run]) -> float:
    """Return the mean over seeds."""
    return fmean(r.ne for r in runs)


def measure(cell: tuple[str, str], best: str, data: Frappe, folder: Path) -> Measured:
    """Run all jobs of one model and tower, and print what came of them."""
    seeds = range(1, SEEDS + 1)
    peers = {name: [peer(name, cell, seed + 1, data, folder) for seed in range(PEER_SEEDS)] for name in LIBRARIES}
    fast = [ours(cell, best, seed, data, folder) for seed in seeds]
    like = fast if best == "fp32" else [ours(cell, "fp32", seed, data, folder) for seed in seeds]
    step = limit(cell, best, data) if PEER_SEEDS else {"share": math.nan}
    found = Measured(fast, like, peers if PEER_SEEDS else {}, step["share"])
    taken = {f"ours {best}": fast, "fp32": like, **found.peers}
    print(
        f"{cell[0]} {cell[1]}: "
        + ", ".join(
            f"{name} {median(r.seconds for r in runs):.1f} s ({median(r.processor for r in runs):.1f} of the processor, NE {mean_ne(runs):.4f})"
            for name, runs in taken.items()
        ),
        flush=True,
    )
    print(f"  {quality(*found.apart)} over {SEEDS} seeds{beside(found)}", flush=True)
    if PEER_SEEDS:
        print(
            f"  {found.times(fast, 'processor'):.2f} times the fastest peer at best settings by processor time; a step takes "
            f"{step['step_ms']:.1f} ms, the least of a round, {step['share']:.0%} of the limit, and {step['median_ms']:.1f} ms in the median "
            f"({step['share_of_median']:.0%}); the limit's stages in ms: "
            + ", ".join(f"{stage} {value:.2f}" for stage, value in step["limit_ms"].items()),
            flush=True,
        )
    return found


def quality(apart: float, error: float) -> str:
    """Say how far best settings are from fp32."""
    return f"NE of best settings {apart:+.4f} (standard error {error:.4f}) against fp32{'' if apart <= EQUAL_NE else ' (NOT EQUAL QUALITY)'}"


def beside(found: Measured) -> str:
    """Say how they are beside the better peer."""
    if not found.peers:
        return ""
    more = mean_ne(found.best) - min(map(mean_ne, found.peers.values()))
    return f", {more:+.4f} against the better peer{'' if more <= EQUAL_NE else ' (WORSE)'}"


def main() -> int:
    """Measure every cell and print the minimum over them."""
    if not (Path(os.environ.get("REA_DATA", "")) / "frappe" / "frappe.parquet").exists():
        print("SKIPPED, LOUDLY: the training benchmark needs REA_DATA, the folder that holds frappe/frappe.parquet")
        return 0
    best = "bf16" if "avx512_bf16" in Path("/proc/cpuinfo").read_text() else "fp32"
    with tempfile.TemporaryDirectory(prefix="rea-training-") as name:
        folder = Path(name)
        ONE_THREAD["XDG_CACHE_HOME"] = str(folder / "cache")
        data = lay_out(folder)
        found = [measure(cell, best, data, folder) for cell in CELLS]
    apart, errors = zip(*(each.apart for each in found), strict=True)
    print(
        f"{quality(fmean(apart), math.hypot(*errors) / len(errors))} in the mean over {len(CELLS)} cells and {SEEDS} seeds"
    )
    if not PEER_SEEDS:
        return 0
    over = "DeepFM, DCNv2, AutoInt and two towers" if len(CELLS) == 6 else ", ".join(map(":".join, CELLS))
    fast, like = (
        {clock: min(each.times(getattr(each, kind), clock) for each in found) for clock in ("processor", "seconds")}
        for kind in ("best", "fp32")
    )
    print(
        f"by processor time {fast['processor']:.2f} times the fastest peer at best settings, {like['processor']:.2f} in fp32 like for like"
    )
    print(
        f"training: {fast['seconds']:.2f} times the fastest peer at best settings, {like['seconds']:.2f} in fp32 like for like "
        f"(minimum over {over}), {min(each.share for each in found):.0%} of the machine's limit"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
