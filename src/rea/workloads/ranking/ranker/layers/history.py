"""Target attention over what a user clicked before (DIN, 1706.06978)."""

import torch
from torch import Tensor, nn

HIDDEN = 16


class TargetAttention(nn.Module):
    """(rows, dim) and (rows, length, dim) to (rows, dim): a sum of the past weighed by its likeness to the target, not normalised."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(nn.Linear(3 * dim, HIDDEN), nn.Sigmoid(), nn.Linear(HIDDEN, 1))

    def forward(self, target: Tensor, past: Tensor, held: Tensor) -> Tensor:
        """``held`` (rows, length) is False where there was no click to remember."""
        wide = target.unsqueeze(1).expand_as(past)
        weight = self.weigh(torch.cat([past, wide - past, wide * past], dim=2)).to(past.dtype)
        return (past * weight.masked_fill(~held.unsqueeze(2), 0.0)).sum(dim=1)
