"""The fully connected tower."""

import itertools
from functools import partial

import torch
from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.kernels import Kernels
from ranker.layers import fused
from ranker.layers.dropout import Dropout
from ranker.layers.norm import NormReLU


class Dice(nn.Module):
    """x where its normalised value is large, a learned share of x where it is small (DIN, 1706.06978)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.share = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.norm(x))
        return x * (gate + (1.0 - gate) * self.share)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
}


class Layer(nn.Module):
    """Linear, normalisation, activation, dropout; with a skip where asked for and the widths agree."""

    def __init__(self, config: Config, inputs: int, outputs: int) -> None:
        super().__init__()
        batch = config.normalisation == "batch"
        linear = nn.Linear(inputs, outputs, bias=not batch)  # the norm has a shift of its own
        self.body = nn.Sequential(linear, *activated(config, outputs), Dropout(config.dropout))
        self.skip = config.residual and inputs == outputs
        self.kernels = kernels.load(config) if isinstance(self.body[1], NormReLU) else None
        self.bare = not (config.dropout or self.skip)

    def forward(self, x: Tensor) -> Tensor:
        return x + self._through(x) if self.skip else self._through(x)

    def _through(self, x: Tensor) -> Tensor:
        if len(x) > 1 and fused.usable(self.kernels, self, self.body[0].weight):
            linear, norm, dropout = self.body
            return dropout(by_kernels(self.kernels, [(linear, norm)], x))
        return self.body(x)


class Tower(nn.Sequential):
    """Layers, in one where kernels can and nothing lies between them."""

    def __init__(self, *layers: Layer) -> None:
        super().__init__(*layers)
        self.pairs = [(layer.body[0], layer.body[1]) for layer in layers if layer.bare]

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 1 and self._at_once():
            return by_kernels(self[0].kernels, self.pairs, x)
        return super().forward(x)

    def straight(self, kernels: Kernels, x: Tensor) -> fused.Stretch:
        """``forward`` as a stretch, from and to the type of products."""
        if len(x) > 1 and self._at_once():
            return fused.norm_layers(kernels, self.pairs, x)
        return fused.plain(lambda given: self(given).to(kernels.kind), x)

    def _at_once(self) -> bool:
        return len(self.pairs) == len(self) and fused.usable(self[0].kernels, self, self[0].body[0].weight)


def by_kernels(kernels: Kernels, pairs: list[tuple[nn.Linear, nn.BatchNorm1d]], x: Tensor) -> Tensor:
    """Layers of a tower as one operation of autograd."""
    return fused.through(
        partial(fused.norm_layers, kernels, pairs), x.to(kernels.kind).contiguous(), pairs[0][0].weight
    )


def activated(config: Config, width: int) -> list[nn.Module]:
    """What stands between a layer's linear map and its dropout."""
    if config.normalisation == "batch" and config.activation == "relu":
        return [NormReLU(width)]
    norms = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
    activation = Dice(width) if config.activation == "dice" else ACTIVATIONS[config.activation]()
    return [norms[config.normalisation](width), activation]


def tower(config: Config, inputs: int) -> Tower:
    """(rows, inputs) to (rows, last_width)."""
    return Tower(*(Layer(config, *pair) for pair in itertools.pairwise([inputs, *widths(config)])))


def widths(config: Config) -> list[int]:
    """The layers' widths, first to last."""
    return [max(1, round(config.tower_width * config.tower_taper**layer)) for layer in range(config.tower_depth)]


def last_width(config: Config) -> int:
    """The width of what a tower gives."""
    return widths(config)[-1]
