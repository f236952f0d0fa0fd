"""Numbers as vectors: one direction each, or a richer encoding (2203.05556, 2012.08986). Inputs are standardised."""

import math

import torch
from torch import Tensor, nn

PIECES, SPAN = 16, 3.0  # equal bins over three standard deviations to either side
WAVES = 8
METAS, TEMPERATURE = 16, 0.5


class Linear(nn.Module):
    """A number times its direction: (rows, numbers) to (rows, numbers, dim)."""

    def __init__(self, numbers: int, dim: int, std: float) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(numbers, dim) * std)

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(2) * self.directions


class Basis(nn.Module):
    """A number as values of basis functions, each with a direction of its own."""

    def __init__(self, numbers: int, dim: int, std: float, count: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(numbers, count, dim) * std)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bnt,ntd->bnd", self.values(x), self.directions)

    def values(self, x: Tensor) -> Tensor:
        """(rows, numbers) to (rows, numbers, count)."""
        raise NotImplementedError


class Piecewise(Basis):
    """Piecewise-linear encoding: how far the number reaches into each bin."""

    edges: Tensor

    def __init__(self, numbers: int, dim: int, std: float) -> None:
        super().__init__(numbers, dim, std, PIECES)
        self.register_buffer("edges", torch.linspace(-SPAN, SPAN, PIECES + 1)[:-1], persistent=False)

    def values(self, x: Tensor) -> Tensor:
        return ((x.unsqueeze(2) - self.edges) * (PIECES / (2 * SPAN))).clamp(0.0, 1.0)


class Periodic(Basis):
    """Sines and cosines with learned frequencies."""

    def __init__(self, numbers: int, dim: int, std: float) -> None:
        super().__init__(numbers, dim, std, 2 * WAVES)
        self.frequencies = nn.Parameter(torch.randn(numbers, WAVES) * 0.5)

    def values(self, x: Tensor) -> Tensor:
        angle = 2 * math.pi * x.unsqueeze(2) * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], dim=2)


class AutoDis(Basis):
    """Soft discretisation: a weighting of meta-embeddings that the number itself chooses."""

    def __init__(self, numbers: int, dim: int, std: float) -> None:
        super().__init__(numbers, dim, std, METAS)
        self.choose = nn.Parameter(torch.randn(numbers, METAS))
        self.mix = nn.Parameter(torch.randn(numbers, METAS, METAS) / METAS**0.5)

    def values(self, x: Tensor) -> Tensor:
        hidden = nn.functional.leaky_relu(x.unsqueeze(2) * self.choose)
        return torch.softmax((torch.einsum("bnt,nts->bns", hidden, self.mix) + hidden) / TEMPERATURE, dim=2)


def numbers_layer(kind: str, numbers: int, dim: int, std: float) -> nn.Module:
    """The layer of an encoding's name; whatever is done to the values before they come here takes one direction each."""
    kinds: dict[str, type[Basis]] = {"piecewise": Piecewise, "periodic": Periodic, "autodis": AutoDis}
    return kinds[kind](numbers, dim, std) if kind in kinds else Linear(numbers, dim, std)
