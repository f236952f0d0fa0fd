"""Train a ranker on a view: ``python -m ranker.train --data VIEW --out OUT --seed N [--resume DIR] name=value ...``.

Exit codes: 0 done, 2 a wrong argument, 3 the training loss is not finite.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ranker import memory
from ranker.config import ConfigError, parse

if TYPE_CHECKING:
    from ranker.loop import Training


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m ranker.train", description="Train a ranker.")
    parser.add_argument("--data", type=Path, required=True, help="a Parquet file with label, split and row id")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="a checkpoint folder to continue from")
    parser.add_argument("overrides", nargs="*", metavar="name=value")
    return parser


def say(text: str) -> None:
    """One plain line at once."""
    print(text, flush=True)


class Evaluations:
    """The lines of metrics.jsonl: what the run claims about itself on validation rows, up to ``step`` as they are."""

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        lines = path.read_text().splitlines(keepends=True) if step and path.is_file() else []
        whole = [line for line in lines if line.endswith("\n")]
        path.write_text("".join(line for line in whole if json.loads(line)["step"] <= step))

    def __call__(self, training: "Training", train_loss: float) -> float:
        from ranker.loop import logits
        from ranker.metrics import summary
        from ranker.predict import sigmoid

        valid, progress = training.data.valid, training.progress
        scored = len(valid) and training.config.evaluate
        claims = summary(valid.label.cpu().numpy().astype(float), sigmoid(logits(training, valid))) if scored else {}
        line = {
            "step": progress.step,
            "epoch": progress.step / training.epoch_steps,
            "train_loss": train_loss,
            **claims,
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        say(" ".join(f"{name} {value:.5g}" for name, value in line.items()))
        if not claims:
            return train_loss
        return claims["ne"] if training.config.monitor == "ne" else -claims["auc"]


def finish(training: "Training", out: Path, seconds: float) -> None:
    """Calibrate, predict the test rows, write predictions, checkpoint and run.json."""
    from ranker import calibrate, checkpoint
    from ranker.loop import logits
    from ranker.predict import sigmoid, write_predictions

    valid, test = training.data.valid, training.data.test
    kind = training.config.calibration
    line = calibrate.IDENTITY
    if kind != "none" and len(valid):
        line = calibrate.fit(kind, logits(training, valid), valid.label.cpu().numpy().astype(float))
    begun = time.perf_counter()
    prediction = sigmoid(calibrate.apply(line, logits(training, test)))
    latency = (time.perf_counter() - begun) / len(test) * 1e6
    checkpoint.save(training, out / "checkpoint", line)
    write_predictions(out / "predictions.parquet", test.row_id, prediction)
    _write_run(
        training,
        out / "run.json",
        {"train_seconds": seconds, "latency_us": latency, "calibration": calibrate.stored(line)},
    )


def _write_run(training: "Training", path: Path, more: dict) -> None:
    from ranker import kernels

    fused = training.device.type == "cpu" and kernels.load(training.config) is not None
    weights = list(training.network.parameters())
    facts = {
        "config": asdict(training.config),
        "seed": training.seed,
        "fields": training.data.fields + training.data.numeric,
        "rows": {name: len(getattr(training.data, name)) for name in ("train", "valid", "test")},
        "steps": training.progress.step,
        "total_steps": training.total_steps,
        "parameters": sum(each.numel() for each in weights),
        "model_mb": sum(each.numel() * each.element_size() for each in weights) / 1e6,
        "device": str(training.device),
        "kernels": "fused" if fused else "torch",  # which ran, whatever was asked for
        **more,
    }
    partial = path.with_name(path.name + ".tmp")
    partial.write_text(json.dumps(facts, indent=1))
    partial.replace(path)


def train(given: argparse.Namespace) -> None:
    """One training from the command line's arguments. Raises ConfigError and NotFinite."""
    config = parse(given.overrides)
    with memory.staying():
        import torch

        from ranker import checkpoint
        from ranker.calibrate import IDENTITY
        from ranker.loop import run

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)

    given.out.mkdir(parents=True, exist_ok=True)
    say(f"reading {given.data}")
    training = checkpoint.start(config, given.data, given.seed)
    if given.resume:
        checkpoint.restore(training, given.resume)
    say(f"{len(training.data.train)} training rows, {training.total_steps} steps on {training.device}")
    memory.keep()  # of the steps: while a view is read, what is freed had better go
    begun = time.perf_counter()
    evaluations = Evaluations(given.out / "metrics.jsonl", training.progress.step)
    run(training, evaluations, say, lambda now: checkpoint.save(now, given.out / "checkpoint", IDENTITY))
    finish(training, given.out, time.perf_counter() - begun)
    say(f"done at step {training.progress.step} of {training.total_steps}")


def main(argv: list[str] | None = None) -> int:
    """Train, and turn what is known to go wrong into a line and an exit code."""
    try:
        train(arguments().parse_intermixed_args(argv))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 2
    except FloatingPointError as error:
        print(error, file=sys.stderr, flush=True)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
