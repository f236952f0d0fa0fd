"""The linear map that reads a model's last layers."""

from torch import Tensor, nn
from torch.nn import functional


def read(out: nn.Linear, *parts: Tensor) -> Tensor:
    """``out(torch.cat(parts, dim=1))`` as a sum over the parts, each (rows, its width), so that nothing is copied."""
    if len(parts) == 1:
        return out(parts[0])  # type: ignore[no-any-return]
    shares = out.weight.split([part.shape[1] for part in parts], dim=1)
    return sum((functional.linear(part, share) for part, share in zip(parts, shares, strict=True)), out.bias)
