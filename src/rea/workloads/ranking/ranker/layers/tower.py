"""The fully connected tower."""

import itertools

import torch
from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
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

    def fits(self, x: Tensor) -> bool:
        """Whether kernels can do it here and now."""
        held = self.body[0].weight.grad is not None
        return held and self.training and len(x) > 1 and fused.usable(self.kernels, x)

    def _through(self, x: Tensor) -> Tensor:
        if self.fits(x):
            linear, norm, dropout = self.body
            return dropout(fused.norm_layers(self.kernels, [(linear, norm)], x))
        return self.body(x)


class Tower(nn.Sequential):
    """Layers, in one where kernels can and nothing lies between them."""

    def __init__(self, *layers: Layer) -> None:
        super().__init__(*layers)
        self.pairs = [(layer.body[0], layer.body[1]) for layer in layers if layer.bare]

    def forward(self, x: Tensor) -> Tensor:
        if len(self.pairs) == len(self) and self[0].fits(x):
            return fused.norm_layers(self[0].kernels, self.pairs, x)
        return super().forward(x)


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
