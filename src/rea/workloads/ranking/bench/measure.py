"""The README's figures on the demo log, each from trainings made here: ``python bench/measure.py KIND [--logs 11,12]``.

noise   the default and the tuned configuration, several seeds a log
levers  one change at a time
rungs   how a cheap rung ranks configurations, against the full run
random  the best of 40 random configurations, against the default
"""

import argparse
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ranker import calibrate, checkpoint, loop, metrics  # noqa: E402
from ranker.config import ConfigError, parse  # noqa: E402
from ranker.predict import sigmoid  # noqa: E402
from ranker.synthetic import SETTINGS, generate, write  # noqa: E402

SINGLES = (  # noqa: SIM905 - one line a change would be a page
    "embedding_l2=0.001 embedding_l2=0.003 embedding_l2=0.0001 numeric_encoding=quantile numeric_encoding=log "
    "time_features=age count_features=impressions count_features=rate crosses=campaign*placement "
    "crosses=segment*campaign calibration=bias calibration=platt epochs=1 epochs=3 field_drop=session "
    "field_drop=advertiser field_drop=user embedding_rate=0.3 embedding_rate=3 learning_rate=0.001 "
    "learning_rate=0.004 schedule=constant schedule=cosine warmup=0.1 weight_averaging=0.99 weight_decay=0.001 "
    "dropout=0.2 embedding_dropout=0.1 id_dropout=0.02 batch_size=512 batch_size=4096 embedding_dim=4 "
    "embedding_dim=16 tower_width=128 tower_width=16 interaction_depth=1 interaction_depth=3 activation=silu "
    "normalisation=batch normalisation=layer gating=field embedding_norm=true first_order=false "
    "label_smoothing=0.05 negative_sampling=0.5 recency_weighting=8 data_window=7 min_frequency=20 "
    "optimizer=adagrad optimizer=adamw loss=focal position_debias=true precision=bf16 ensemble=2 "
    "model=deepfm model=dlrm model=finalmlp model=masknet model=autoint"
).split()
UNFAIR = {"epochs", "batch_size", "ensemble", "stop_at"}  # cost more, or less, than the default


@dataclass(frozen=True)
class Log:
    path: Path
    label: np.ndarray
    best: np.ndarray


@dataclass(frozen=True)
class Result:
    """Normalized entropy on test rows and its distance to the best knowable; calibration; seconds."""

    ne: float
    gap: float
    valid: float
    calibration: float
    seconds: float


def logs(seeds: list[int], setting: str, folder: Path) -> list[Log]:
    """Fresh logs, one a seed."""
    made = []
    for seed in seeds:
        columns = generate(SETTINGS[setting], seed)
        write(columns, folder / f"{seed}.parquet")
        made.append(Log(folder / f"{seed}.parquet", columns["click"].astype(float), columns["p_bayes"]))
    return made


def once(log: Log, seed: int, words: tuple[str, ...]) -> Result:
    """One training, judged on its test rows."""
    begun = time.perf_counter()
    training = checkpoint.start(parse(words), log.path, seed)
    loop.run(training, lambda *_: 0.0, lambda _: None)
    valid, test = training.data.valid, training.data.test
    on_valid, target = loop.logits(training, valid), valid.label.numpy().astype(float)
    line = calibrate.fit(training.config.calibration, on_valid, target)
    p, label = sigmoid(calibrate.apply(line, loop.logits(training, test))), log.label[test.row_id]
    ne = metrics.normalized_entropy(label, p)
    return Result(
        ne,
        ne - metrics.normalized_entropy(label, log.best[test.row_id]),
        metrics.normalized_entropy(target, sigmoid(calibrate.apply(line, on_valid))),
        metrics.calibration(label, p),
        time.perf_counter() - begun,
    )


def mean(results: list[Result], name: str) -> float:
    """The mean of one figure."""
    return float(np.mean([getattr(each, name) for each in results]))


def tuned() -> tuple[str, ...]:
    """The overrides of tuned/demo.toml."""
    return tuple(f"{name}={value}" for name, value in tomllib.loads((ROOT / "tuned/demo.toml").read_text()).items())


def noise(made: list[Log]) -> Iterator[str]:
    for log in made:
        runs = {
            name: [once(log, s, words) for s in range(1, 6)] for name, words in (("default", ()), ("tuned", tuned()))
        }
        for name, results in runs.items():
            deviation = np.std([each.ne for each in results], ddof=1)
            closed = 1.0 - mean(results, "gap") / mean(runs["default"], "gap")
            yield (
                f"{log.path.stem} {name:8s} NE {mean(results, 'ne'):.4f} best {mean(results, 'ne') - mean(results, 'gap'):.4f}"
                f" gap {mean(results, 'gap'):.4f} closed {closed:.0%} seed sd {deviation:.5f}"
                f" calibration {mean(results, 'calibration'):.3f} {mean(results, 'seconds'):.1f} s"
            )


def levers(made: list[Log]) -> Iterator[str]:
    plain = [once(log, 1, ()) for log in made]
    for word in SINGLES:
        changed = [once(log, 1, (word,)) for log in made]
        gains = [before.ne - after.ne for before, after in zip(plain, changed, strict=True)]
        valid = mean(plain, "valid") - mean(changed, "valid")
        each = " ".join(f"{gain:+.4f}" for gain in gains)
        yield f"{word:30s} gain {np.mean(gains):+.4f} ({each}) valid {valid:+.4f} {mean(changed, 'seconds'):.1f} s"


CHEAP = ("stop_at=0.2", "stop_at=0.33", "stop_at=0.5", "rows=0.2", "rows=0.5", "epochs=1")


def rungs(made: list[Log]) -> Iterator[str]:
    words = [(), *((word,) for word in SINGLES[::2] if not word.startswith("epochs"))]
    full = [[once(log, 1, each) for log in made] for each in words]
    for fidelity in CHEAP:
        cheap = [[once(log, 1, (*each, fidelity)) for log in made] for each in words]
        ranks = [np.argsort(np.argsort([mean(runs, "valid") for runs in each])) for each in (full, cheap)]
        cost = sum(mean(runs, "seconds") for runs in cheap) / sum(mean(runs, "seconds") for runs in full)
        yield (
            f"{fidelity}: rank correlation with the full run {np.corrcoef(*ranks)[0, 1]:.2f} over {len(words)} configurations, "
            f"{cost:.2f} of its time"
        )


def drawn(rng: np.random.Generator) -> tuple[str, ...]:
    """A random configuration: each lever is changed with probability 0.25, within its range."""
    words = []
    for lever in tomllib.loads((ROOT / "workload.toml").read_text())["lever"]:
        if lever["name"] in UNFAIR or lever["role"] == "other" or rng.random() > 0.25:
            continue
        words.append(f"{lever['name']}={_value(lever, rng)}")
    return tuple(words)


def _value(lever: dict, rng: np.random.Generator) -> str:
    if lever["type"] == "bool":
        return str(bool(rng.integers(2))).lower()
    if lever["type"] == "choice":
        return str(rng.choice(lever["choices"]))
    low, high = lever["low"], lever["high"]
    value = np.exp(rng.uniform(np.log(low), np.log(high))) if lever.get("log") else rng.uniform(low, high)
    return str(round(value)) if lever["type"] == "int" else f"{value:.6g}"


def random(made: list[Log]) -> Iterator[str]:
    rng, log = np.random.default_rng(0), made[0]
    plain, found = once(log, 1, ()), []
    while len(found) < 40:
        words = drawn(rng)
        with suppress(loop.NotFinite, ConfigError):  # such as dropping a field that is to be crossed: draw again
            found.append((once(log, 1, words), words))
    found.sort(key=lambda pair: pair[0].valid)
    best, words = found[0]
    better = np.mean([each.ne < plain.ne for each, _ in found])
    yield f"default NE {plain.ne:.4f}; best of 40 by validation {best.ne:.4f} ({plain.ne - best.ne:+.4f}): {' '.join(words)}"
    yield f"best of 40 by test {min(each.ne for each, _ in found):.4f}; {better:.0%} of them beat the default"


KINDS = {"noise": noise, "levers": levers, "rungs": rungs, "random": random}


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--logs", default="11,12,13", help="generator seeds")
    parser.add_argument("--setting", default="demo", choices=sorted(SETTINGS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with tempfile.TemporaryDirectory() as folder:
        made = logs([int(seed) for seed in given.logs.split(",")], given.setting, Path(folder))
        for line in KINDS[given.kind](made):
            print(line, flush=True)


if __name__ == "__main__":
    main()
