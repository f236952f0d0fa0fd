"""Gates that scale whole fields (squeeze and excite, FiBiNET 2019) or single coordinates (GateNet 2020)."""

import torch
from torch import Tensor, nn


class FieldGate(nn.Module):
    """One factor a field, between 0 and 2, from the mean of every field."""

    def __init__(self, fields: int, dim: int) -> None:
        super().__init__()
        middle = max(2, fields // 3)
        self.squeeze, self.excite = nn.Linear(fields, middle), nn.Linear(middle, fields)

    def forward(self, x: Tensor) -> Tensor:
        factor = 2.0 * torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean(dim=2)))))
        return x * factor.unsqueeze(2)


class VectorGate(nn.Module):
    """One factor a coordinate, between 0 and 2, from the field's own vector."""

    def __init__(self, fields: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(fields, dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * 2.0 * torch.sigmoid(torch.einsum("bfd,fde->bfe", x, self.weight))


def gate(kind: str, fields: int, dim: int) -> nn.Module:
    """The gate of a name: none, field or vector."""
    kinds: dict[str, type[nn.Module]] = {"field": FieldGate, "vector": VectorGate}
    return kinds[kind](fields, dim) if kind in kinds else nn.Identity()
