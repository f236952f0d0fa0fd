"""Factorisation machine (Rendle, ICDM 2010)."""

from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused


class Model(nn.Module):
    """The dot products of all pairs of fields."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.kernels = kernels.load(config)

    def forward(self, x: Tensor) -> Tensor:
        return fused.factorisation(self.kernels, x)[0]
