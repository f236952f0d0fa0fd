"""EulerNet (2304.10711): fields as complex numbers, whose products of learned orders are sums of phases and of log lengths."""

import torch
from torch import Tensor, nn

from ranker.config import Config

EPSILON = 1e-6


class Layer(nn.Module):
    """(rows, inputs, dim) real and imaginary parts to (rows, orders, dim) each.

    Explicit: each output multiplies the inputs, each raised to a power it learns. Implicit: a linear map and ReLU of both parts, added.
    """

    def __init__(self, inputs: int, orders: int, dim: int) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.randn(orders, inputs) / inputs**0.5)
        self.length, self.phase = (nn.Parameter(torch.zeros(orders, dim)) for _ in range(2))
        self.implicit = nn.Linear(inputs * dim, orders * dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, real: Tensor, imaginary: Tensor) -> tuple[Tensor, Tensor]:
        square = real.square() + imaginary.square() + EPSILON
        far = torch.where(square < 2 * EPSILON, torch.ones_like(real), real)  # a phase at nought has no gradient
        phase = torch.matmul(self.power, torch.atan2(imaginary, far)) + self.phase
        length = (torch.matmul(self.power, 0.5 * square.log()) + self.length).clamp_max(10.0).exp()
        sides = ((length * phase.cos(), real), (length * phase.sin(), imaginary))
        first, second = (self.norm(product + self._implicit(part)) for product, part in sides)
        return first, second

    def _implicit(self, part: Tensor) -> Tensor:
        mapped: Tensor = torch.relu(self.implicit(part.flatten(1))).float()
        return mapped.view(len(part), *self.length.shape)


class Model(nn.Module):
    """``interaction_depth`` layers of ``interaction_width`` orders (0: as many as fields)."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        orders, dim = config.interaction_width or fields, config.embedding_dim
        self.length = nn.Parameter(torch.ones(fields, 1))
        before = [fields] + [orders] * (config.interaction_depth - 1)
        self.layers = nn.ModuleList(Layer(inputs, orders, dim) for inputs in before)
        self.out = nn.Linear(orders * dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        real, imaginary = self.length * x.cos(), self.length * x.sin()
        for layer in self.layers:
            real, imaginary = layer(real, imaginary)
        return (self.out(real.flatten(1)) + self.out(imaginary.flatten(1))).squeeze(1)
