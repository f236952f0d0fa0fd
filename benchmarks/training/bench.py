"""How fast the built-in ranker trains, against the fastest third-party trainer and against the machine.

    make bench-training [EPOCHS=15] [SEEDS=5] [CELLS=deepfm:128-64,dcnv2:3x400]
                                                     needs REA_DATA, the folder with frappe/frappe.parquet

DeepFM, DCNv2 and AutoInt on Frappe, towers of 3 x 400 and of 128-64, dim 10, batch 4096, Adam at 1e-3, batch norm, one thread for everybody.
A job is a process: imports, reading, 15 epochs, predictions of the test rows. Nobody scores validation rows between epochs. The peers
are torch-rechub and DeepCTR-Torch; the faster of the two counts. Ours runs in fp32 like for like and at its best settings (bf16 where the
CPU has it), both with kernels=fused, whose first job compiles into an empty cache, with a falling rate, L2 on embeddings and averaged
weights, without which 15 epochs over-fit; quality is the mean test NE
over seeds. `limit.py` says what share of the machine's limit a steady step reaches.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RANKER = ROOT / "src/rea/workloads/ranking"
PYTHON, PEERS = ROOT / ".venv-ranking/bin/python", ROOT / ".venv-peers/bin/python"
EPOCHS, SEEDS = int(os.environ.get("EPOCHS", "15")), int(os.environ.get("SEEDS", "5"))
MODELS, LIBRARIES = ("deepfm", "dcnv2", "autoint"), ("rechub", "deepctr")
TOWERS = {"3x400": (400, 400, 400), "128-64": (128, 64)}
BATCH, DIM = 4096, 10
SETTINGS = (
    f"label=label batch_size={BATCH} embedding_dim={DIM} epochs={EPOCHS} learning_rate=0.001 schedule=linear normalisation=batch "
    "embedding_l2=0.05 weight_averaging=0.99 interaction_depth=3 attention_heads=2 evaluate=false kernels=fused"
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


def peer(library: str, cell: tuple[str, str], data: Frappe, folder: Path) -> Run:
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
        "1",
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


def measure(cell: tuple[str, str], best: str, data: Frappe, folder: Path) -> tuple[float, float, float]:
    """Print one model and tower, and return its ratios at best settings and like for like, and its share of the limit."""
    peers = {name: peer(name, cell, data, folder) for name in LIBRARIES}
    name = min(peers, key=lambda library: peers[library].seconds)
    fast = [ours(cell, best, seed, data, folder) for seed in range(1, SEEDS + 1)]
    like = fast if best == "fp32" else [ours(cell, "fp32", seed, data, folder) for seed in range(1, SEEDS + 1)]
    seconds = {kind: sorted(r.seconds for r in runs)[len(runs) // 2] for kind, runs in (("best", fast), ("fp32", like))}
    quality = fmean(r.ne for r in fast) - fmean(r.ne for r in like)
    step = limit(cell, best, data)
    shown = ", ".join(f"{library} {run.seconds:.1f} s (NE {run.ne:.4f})" for library, run in peers.items())
    used = peers[name].processor / median(r.processor for r in fast)
    print(
        f"{cell[0]} {cell[1]}: {shown}; ours {best} {seconds['best']:.1f} s, fp32 {seconds['fp32']:.1f} s; "
        f"{used:.2f} times the fastest peer at best settings by processor time",
        flush=True,
    )
    print(
        f"  NE {fmean(r.ne for r in fast):.4f} at best settings, {quality:+.4f} against fp32 over {SEEDS} seeds"
        f"{'' if quality <= EQUAL_NE else ' (NOT EQUAL QUALITY)'}; a step takes {step['step_ms']:.1f} ms at least, {step['share']:.0%} of the limit, "
        f"and {step['median_ms']:.1f} ms in the median ({step['share_of_median']:.0%}); the limit's stages in ms: "
        + ", ".join(f"{stage} {value:.2f}" for stage, value in step["limit_ms"].items()),
        flush=True,
    )
    reference = peers[name].seconds
    return reference / seconds["best"], reference / seconds["fp32"], step["share"]


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
    fast, like, share = (min(column) for column in zip(*found, strict=True))
    over = "DeepFM, DCNv2, AutoInt and two towers" if len(CELLS) == 6 else ", ".join(map(":".join, CELLS))
    print(
        f"training: {fast:.2f} times the fastest peer at best settings, {like:.2f} in fp32 like for like "
        f"(minimum over {over}), {share:.0%} of the machine's limit"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
