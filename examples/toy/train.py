"""A click model small enough to read: logistic regression over hashed fields, standard library only, trained in a fraction of a second.

    python train.py --data log.csv --out OUT --seed 1 [--resume DIR] rate=0.5 rounds=2 ...
"""

import argparse
import csv
import json
import math
import random
from pathlib import Path

DEFAULTS = {"rate": 0.3, "rounds": 1, "l2": 0.0, "crosses": False, "warm": 0.0, "stop_at": 1.0}
SLOTS = 4096


def features(row, crosses):
    """Return the slots that a row switches on."""
    parts = [f"{name}={row[name]}" for name in ("user", "ad", "place")]
    if crosses:
        parts.append(f"{row['user']}*{row['place']}")
    return [sum(ord(ch) * 31**i for i, ch in enumerate(part)) % SLOTS for part in parts]


def probability(weights, slots):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(weights[s] for s in slots)))))


def read_config(words):
    config = dict(DEFAULTS)
    for word in words:
        name, _, text = word.partition("=")
        if name not in config:
            raise SystemExit(f"unknown setting {name!r}; one of {', '.join(config)}")
        config[name] = text == "true" if isinstance(config[name], bool) else type(config[name])(float(text))
    return config


def main():
    asked = argparse.ArgumentParser()
    for name in ("data", "out"):
        asked.add_argument(f"--{name}", type=Path, required=True)
    asked.add_argument("--seed", type=int, required=True)
    asked.add_argument("--resume", type=Path)
    asked.add_argument("settings", nargs="*")
    told = asked.parse_args()
    config = read_config(told.settings)
    with told.data.open() as file:
        rows = list(csv.DictReader(file))
    train = [(features(r, config["crosses"]), int(r["click"])) for r in rows if r["split"] == "train"]
    dice = random.Random(told.seed)
    order = [i for _ in range(config["rounds"]) for i in dice.sample(range(len(train)), len(train))]
    start, weights = 0, [dice.gauss(0, 0.01) + config["warm"] for _ in range(SLOTS)]
    if told.resume:
        saved = json.loads((told.resume / "state.json").read_text())
        start, weights = saved["step"], saved["weights"]
    stop = round(len(order) * config["stop_at"])
    for step in range(start, stop):
        slots, click = train[order[step]]
        rate = config["rate"] / math.sqrt(1 + step / 1000)
        error = probability(weights, slots) - click
        for s in slots:
            weights[s] -= rate * (error + config["l2"] * weights[s])
    told.out.mkdir(exist_ok=True)
    (told.out / "checkpoint").mkdir(exist_ok=True)
    (told.out / "checkpoint" / "state.json").write_text(json.dumps({"step": stop, "weights": weights}))
    with (told.out / "predictions.csv").open("w") as file:
        written = csv.writer(file)
        written.writerow(["row_id", "prediction"])
        for r in rows:
            if r["split"] == "test":
                written.writerow([r["row_id"], repr(probability(weights, features(r, config["crosses"])))])
    print(f"trained {stop} steps")


if __name__ == "__main__":
    main()
