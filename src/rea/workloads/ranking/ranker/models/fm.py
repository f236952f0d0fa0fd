"""Factorisation machine (Rendle, ICDM 2010)."""

from torch import Tensor, nn

from ranker.config import Config
from ranker.kernels import Kernels
from ranker.layers import fused
from ranker.layers.cross import factorisation


class Model(nn.Module):
    """The dot products of all pairs of fields."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return factorisation(x)

    def straight(self, kernels: Kernels, x: Tensor) -> fused.Stretch:
        """``forward`` as a stretch."""
        (pairs, _), back = fused.factorisation(kernels, x)
        return pairs, back
