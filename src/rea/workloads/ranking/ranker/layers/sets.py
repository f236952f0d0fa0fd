"""Several sets of the same fields side by side, each read by a model of its own."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ManyInputs(nn.Module):
    """(ids, numbers) to (rows, sets * fields, dim)."""

    def __init__(self, sets: Sequence[nn.Module]) -> None:
        super().__init__()
        self.sets = nn.ModuleList(sets)

    def forward(self, ids: Tensor, numbers: Tensor) -> Tensor:
        return torch.cat([each(ids, numbers) for each in self.sets], dim=1)


class ManyModels(nn.Module):
    """(rows, sets * fields, dim) to the mean of the sets' logits."""

    def __init__(self, models: Sequence[nn.Module], fields: int) -> None:
        super().__init__()
        self.models, self.fields = nn.ModuleList(models), fields

    def forward(self, x: Tensor) -> Tensor:
        said = [model(part) for model, part in zip(self.models, x.split(self.fields, dim=1), strict=True)]
        return torch.stack(said).mean(dim=0)
