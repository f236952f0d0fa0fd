"""How close a steady training step comes to the machine's limit. Runs in `.venv-ranking`; prints one JSON object.

    python limit.py DATA.parquet name=value ...

The limit is a sum over stages, each max(FLOP / the product rate measured at that very shape and type, bytes that have to move / the bandwidth
measured by copying a block of that size). A product's rate is the best that is known here: torch's, or that of the trainer's own kernel. Stages:
data (the rows of a batch), gather and its gradient, tower (products, normalisation, activation), interaction, optimizer. A stage's bytes count
each tensor that has to be read or written once in each pass that the mathematics needs (normalisation: two passes forward and two back);
nothing is counted for how a library does it.

A machine's speed drifts by more than what is told here, so steps and stages are measured in turns: in each round all of them, by the processor
time of a few repeats, of which the least counts. The share is the median of the rounds' shares; that by the median of the repeats is told beside.
"""

import gc
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/rea/workloads/ranking"))

import torch
from torch import nn

from ranker import checkpoint, loop, memory
from ranker.config import parse
from ranker.kernels import Kernels, load
from ranker.layers import fused
from ranker.layers.tower import Layer

ROUNDS, REPEATS, WARM = 15, 25, 10


class Taken(NamedTuple):
    """Processor seconds of an act that was repeated."""

    least: float
    median: float


def taken(act: Callable[[], object]) -> Taken:
    """Time an act that was just done once, so that others before it do no harm."""
    act()
    found = []
    for _ in range(REPEATS):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return Taken(min(found), median(found))


class Machine:
    """What this machine takes for each act that is asked for, in the present round."""

    def __init__(self, kernels: Kernels | None) -> None:
        self.kernels = kernels
        self.acts: dict[tuple, Callable[[], object]] = {}
        self.times: dict[tuple, Taken] = {}

    def again(self) -> None:
        """Begin another round."""
        self.times = {key: taken(act) for key, act in self.acts.items()}

    def best(self, key: tuple, make: Callable[[], list[Callable[[], object]]]) -> np.ndarray:
        """Return the least and the median seconds of the fastest of several ways to do one thing, which ``make`` gives."""
        if (key, 0) not in self.acts:
            self.acts |= {(key, place): act for place, act in enumerate(make())}
            self.times |= {each: taken(act) for each, act in self.acts.items() if each[0] == key}
        return np.min([time for each, time in self.times.items() if each[0] == key], axis=0)

    def product(self, rows: int, inner: int, columns: int, kind: torch.dtype) -> np.ndarray:
        """Return the seconds of (rows, inner) @ (inner, columns): its FLOP at the rate measured here."""

        def ways() -> list[Callable[[], object]]:
            a, b = torch.randn(rows, inner).to(kind), torch.randn(inner, columns).to(kind)
            weight, out = b.float().t().contiguous(), torch.empty(rows, columns, dtype=kind)
            given = (a.data_ptr(), weight.data_ptr(), rows, inner, columns, 0, out.data_ptr())
            found = [lambda: a @ b, lambda: fused._by_torch(a, b)]
            if self.kernels is not None and self.kernels.multiplies and inner % 2 == 0 and rows > inner:
                found.append(lambda: (self.kernels.multiply(*given), weight, out))
            return found

        return self.best(("product", rows, inner, columns, kind), ways)

    def batch_product(self, rows: int, high: int, width: int, kind: torch.dtype) -> np.ndarray:
        """Return the seconds of (rows, high) transposed @ (rows, width): a gradient to weights."""

        def ways() -> list[Callable[[], object]]:
            g, x = torch.randn(rows, high).to(kind), torch.randn(rows, width).to(kind)
            turned, total = g.t().contiguous(), torch.zeros(high, width)
            given = (g.data_ptr(), x.data_ptr(), rows, high, width, total.data_ptr())
            found = [lambda: turned @ x, lambda: fused._by_torch(turned, x)]
            if self.kernels is not None and self.kernels.multiplies:
                found.append(lambda: (self.kernels.multiply_batch(*given), g, x, total))
            return found

        return self.best(("batch product", rows, high, width, kind), ways)

    def moved(self, count: float, block: float = 0.0) -> np.ndarray:
        """Return the seconds that reading and writing ``count`` bytes in all takes, ``block`` of them at a time (0: at once)."""
        size = max(1 << 16, min(int(block or count), 1 << 26)) // 2

        def ways() -> list[Callable[[], object]]:
            a = torch.zeros(size, dtype=torch.uint8)
            b = torch.zeros_like(a)
            return [lambda: b.copy_(a)]

        return count / (2 * size) * self.best(("copy", size), ways)


def limits(training: loop.Training, machine: Machine) -> dict[str, np.ndarray]:
    """Return the least seconds of each stage of one step, and the median ones."""
    config, data = training.config, training.data
    rows, fields, dim = config.batch_size, len(data.fields), config.embedding_dim
    kind = torch.bfloat16 if config.precision == "bf16" else torch.float32
    wide, values = 4.0, rows * fields * dim
    weights = sum(each.numel() for each in training.network.parameters())
    order = 1 if config.first_order else 0
    states = 9 if config.weight_averaging else 7  # Adam reads four and writes three; an average is read and written
    found = {
        "data": machine.moved(
            rows * (fields * 8 + 8 + 8)
        ),  # ids and labels, read and written, by an index; weights are all 1
        "gather": machine.moved(rows * fields * (4 + 2 * wide * (dim + order))),
        "scatter": machine.moved(rows * fields * (4 + 3 * wide * (dim + order))),
        "optimizer": machine.moved(states * wide * weights),
        "tower": np.zeros(2),
        "interaction": np.zeros(2),
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


def products(module: nn.Linear, rows: int, kind: torch.dtype, machine: Machine) -> np.ndarray:
    """Return the seconds of a linear map's three products: forward, to its input, to its weights."""
    inner, columns = module.in_features, module.out_features
    return (
        machine.product(rows, inner, columns, kind)
        + machine.product(rows, columns, inner, kind)
        + machine.batch_product(rows, columns, inner, kind)
    )


def layer(module: Layer, rows: int, kind: torch.dtype, machine: Machine) -> np.ndarray:
    """Return the seconds of one layer of the tower: products, and the passes of normalisation and activation."""
    linear = next(each for each in module.modules() if isinstance(each, nn.Linear))
    normalised = any(isinstance(each, nn.BatchNorm1d | nn.LayerNorm) for each in module.modules())
    block = rows * linear.out_features * torch.finfo(kind).bits // 8
    passes = (
        8 if normalised else 5
    )  # read twice, write; back: read two twice, write | read, write; back: read two, write
    return products(linear, rows, kind, machine) + machine.moved(passes * block, 2 * block)


def attention(depth: int, rows: int, fields: int, heads: int, width: int, machine: Machine) -> np.ndarray:
    """Return the seconds that the products of attention over fields take: two forward and four back, 2 FLOP each, at the best rate of small
    batched products or of one long multiply-add, whichever is faster here."""

    def ways() -> list[Callable[[], object]]:
        a, b = torch.randn(rows * heads, fields, width), torch.randn(rows * heads, width, fields)
        out = torch.empty(heads, fields, fields, rows)
        left, right = torch.randn(heads, fields, 1, rows), torch.randn(heads, 1, fields, rows)
        return [lambda: torch.bmm(a, b), lambda: [out.addcmul_(left, right) for _ in range(width)]]

    shares = machine.moved(4 * 4.0 * heads * fields * fields * rows)  # softmax and its gradient: read and write
    return depth * (6 * machine.best(("attention", rows, fields, heads, width), ways) + shares)


def steps(training: loop.Training) -> Iterator[None]:
    """Do a step, with the next full batch, for every one that is asked for."""
    order = loop._order(training, 0)
    size, whole = training.config.batch_size, len(training.data.train) // training.config.batch_size
    for number in itertools.count():
        place = number % whole * size
        loop._step(training, order[place : place + size])
        yield


def main() -> None:
    """Measure one configuration."""
    memory.keep()
    gc.freeze()  # as a job does
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    training = checkpoint.start(parse(sys.argv[2:]), Path(sys.argv[1]), 1)
    machine, step = Machine(load(training.config)), steps(training)
    for _ in range(WARM):
        next(step)
    limits(training, machine)  # which says what there is to time
    whole, stages = [], []
    for _ in range(ROUNDS):
        whole.append(taken(lambda: next(step)))
        machine.again()
        stages.append(limits(training, machine))
    shares = np.array([sum(each.values()) for each in stages]) / np.array(whole)
    least, middle = np.median(whole, axis=0)
    share, share_of_median = np.median(shares, axis=0)
    print(
        json.dumps(
            {
                "step_ms": least * 1e3,
                "median_ms": middle * 1e3,
                "limit_ms": {name: float(np.median([each[name][0] for each in stages])) * 1e3 for name in stages[0]},
                "share": share,
                "share_of_median": share_of_median,
            }
        )
    )


if __name__ == "__main__":
    main()
