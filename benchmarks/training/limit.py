"""How close a steady training step comes to the machine's limit. Runs in `.venv-ranking`; prints one JSON object.

    python limit.py DATA.parquet name=value ...

The limit is a sum over stages, each max(FLOP / the product rate measured at that very shape and type, bytes that have to move / the bandwidth
measured by copying a block of that size). Stages: data (the rows of a batch), gather and its gradient, tower (products, normalisation,
activation), interaction, optimizer. A stage's bytes count each tensor that has to be read or written once in each pass that the
mathematics needs (normalisation: two passes forward and two back); nothing is counted for how a library does it. Stages and steps are
measured alike, by the least processor time of many repeats, so that other work on the machine slows neither (it is one thread that never
waits); the median step is told beside.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/rea/workloads/ranking"))

import torch
from torch import nn

from ranker import checkpoint, loop, memory
from ranker.config import parse
from ranker.layers.tower import Layer

STEPS, WARM, REPEATS = 400, 10, 60


def seconds(act: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the least time of an act, in seconds."""
    act()
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return min(found)


class Machine:
    """Rates of this machine, measured once for each shape that is asked for."""

    def __init__(self) -> None:
        self.known: dict[tuple, float] = {}

    def product(self, rows: int, inner: int, columns: int, kind: torch.dtype) -> float:
        """Return the seconds of (rows, inner) @ (inner, columns): its FLOP at the rate measured here."""
        key = (rows, inner, columns, kind)
        if key not in self.known:
            a, b = torch.randn(rows, inner).to(kind), torch.randn(inner, columns).to(kind)
            self.known[key] = seconds(lambda: a @ b)
        return self.known[key]

    def moved(self, count: float) -> float:
        """Return the seconds that reading and writing ``count`` bytes in all takes, in blocks of that size."""
        size = max(1 << 16, min(int(count), 1 << 26)) // 2
        if ("copy", size) not in self.known:
            a = torch.zeros(size, dtype=torch.uint8)
            b = torch.zeros_like(a)
            self.known["copy", size] = 2 * size / seconds(lambda: b.copy_(a))
        return count / self.known["copy", size]


def limits(training: loop.Training, machine: Machine) -> dict[str, float]:
    """Return the least seconds of each stage of one step."""
    config, data = training.config, training.data
    rows, fields, dim = config.batch_size, len(data.fields), config.embedding_dim
    kind = torch.bfloat16 if config.precision == "bf16" else torch.float32
    wide, values = 4.0, rows * fields * dim
    weights = sum(each.numel() for each in training.network.parameters())
    order = 1 if config.first_order else 0
    found = {
        "data": machine.moved(rows * (fields * 8 + 8 + 16)),
        "gather": machine.moved(rows * fields * (4 + 2 * wide * (dim + order))),
        "scatter": machine.moved(rows * fields * (4 + 3 * wide * (dim + order))),
        "optimizer": machine.moved(8 * wide * weights),
        "tower": 0.0,
        "interaction": 0.0,
    }
    for module in training.network.modules():
        if isinstance(module, Layer):
            found["tower"] += layer(module, rows, kind, machine)
    for name, module in training.network.named_modules():
        if isinstance(module, nn.Linear) and ".tower." not in name:
            found["interaction"] += products(module, rows * (fields if "attention" in name else 1), kind, machine)
    found["interaction"] += {
        "deepfm": machine.moved(3 * wide * values),  # read; read, write back
        "dcnv2": machine.moved(
            config.interaction_depth * 8 * wide * rows * fields * dim
        ),  # x0, Wx, x -> x; back: g, x0, Wx -> two gradients
        "autoint": attention(
            config.interaction_depth,
            rows,
            fields,
            config.attention_heads,
            config.interaction_width or max(1, dim // 2),
            machine,
        ),
    }[config.model]
    return found


def products(module: nn.Linear, rows: int, kind: torch.dtype, machine: Machine) -> float:
    """Return the seconds of a linear map's three products: forward, to its input, to its weights."""
    inner, columns = module.in_features, module.out_features
    return (
        machine.product(rows, inner, columns, kind)
        + machine.product(rows, columns, inner, kind)
        + machine.product(columns, rows, inner, kind)
    )


def layer(module: Layer, rows: int, kind: torch.dtype, machine: Machine) -> float:
    """Return the seconds of one layer of the tower: products, and the passes of normalisation and activation."""
    linear = next(each for each in module.modules() if isinstance(each, nn.Linear))
    normalised = any(isinstance(each, nn.BatchNorm1d | nn.LayerNorm) for each in module.modules())
    block = rows * linear.out_features * torch.finfo(kind).bits // 8
    passes = (
        8 if normalised else 5
    )  # read twice, write; back: read two twice, write | read, write; back: read two, write
    return products(linear, rows, kind, machine) + machine.moved(passes * block)


def attention(depth: int, rows: int, fields: int, heads: int, width: int, machine: Machine) -> float:
    """Return the seconds that the products of attention over fields take: two forward and four back, 2 FLOP each, at the best rate of small
    batched products or of one long multiply-add, whichever is faster here."""
    a, b = torch.randn(rows * heads, fields, width), torch.randn(rows * heads, width, fields)
    out = torch.empty(heads, fields, fields, rows)
    left, right = torch.randn(heads, fields, 1, rows), torch.randn(heads, 1, fields, rows)
    batched = seconds(lambda: torch.bmm(a, b))
    long = width * seconds(lambda: out.addcmul_(left, right))
    shares = machine.moved(4 * 4.0 * heads * fields * fields * rows)  # softmax and its gradient: read and write
    return depth * (6 * min(batched, long) + shares)


def step_seconds(training: loop.Training) -> tuple[float, float]:
    """Return the least and the median seconds of a step, at full batches."""
    order, found = loop._order(training, 0), []
    size, whole = training.config.batch_size, len(training.data.train) // training.config.batch_size
    for number in range(WARM + STEPS):
        place = number % whole * size
        begun = time.process_time()
        loop._step(training, order[place : place + size])
        found.append(time.process_time() - begun)
    steady = sorted(found[WARM:])
    return steady[0], steady[STEPS // 2]


def main() -> None:
    """Measure one configuration."""
    memory.keep()
    gc.freeze()  # as a job does
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    training = checkpoint.start(parse(sys.argv[2:]), Path(sys.argv[1]), 1)
    taken, median = step_seconds(training)
    least = limits(training, Machine())
    print(
        json.dumps(
            {
                "step_ms": taken * 1e3,
                "median_ms": median * 1e3,
                "limit_ms": {name: value * 1e3 for name, value in least.items()},
                "share": sum(least.values()) / taken,
                "share_of_median": sum(least.values()) / median,
            }
        )
    )


if __name__ == "__main__":
    main()
