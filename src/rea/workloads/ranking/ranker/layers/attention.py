"""Self-attention over fields (AutoInt, 1810.11921)."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class FieldAttention(nn.Module):
    """Multi-head attention with a projected skip and ReLU: (rows, fields, inputs) to (rows, fields, width * heads)."""

    def __init__(self, inputs: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(inputs, 3 * width * heads, bias=False)
        self.skip = nn.Linear(inputs, width * heads, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        rows, fields, _ = x.shape
        parts = self.project(x).view(rows, fields, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return torch.relu(mixed.transpose(1, 2).reshape(rows, fields, -1) + self.skip(x))
