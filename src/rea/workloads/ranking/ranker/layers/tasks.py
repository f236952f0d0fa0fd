"""What two labels share: a tower (1997), experts mixed by gates (MMoE, KDD 2018; PLE, RecSys 2020), or tables alone (ESMM, 1804.07931)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower


class SharedBottom(nn.Module):
    """The same tower for both."""

    def __init__(self, config: Config, width: int) -> None:
        super().__init__()
        self.bottom = tower(config, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.bottom(x)
        return hidden, hidden


class Experts(nn.Module):
    """Each label mixes the experts that all may use and those of its own by a softmax of the row: with none of its own it is MMoE, else PLE."""

    def __init__(self, config: Config, width: int, own: int) -> None:
        super().__init__()
        self.shared = nn.ModuleList(tower(config, width) for _ in range(config.experts - own))
        self.own = nn.ModuleList(nn.ModuleList(tower(config, width) for _ in range(own)) for _ in range(2))
        self.gates = nn.ModuleList(nn.Linear(width, config.experts) for _ in range(2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shared = [expert(x) for expert in self.shared]
        first, second = (self._mixed(x, label, shared) for label in (0, 1))
        return first, second

    def _mixed(self, x: Tensor, label: int, shared: Sequence[Tensor]) -> Tensor:
        said = torch.stack([*shared, *(expert(x) for expert in self.own[label])], dim=2)  # type: ignore[arg-type]
        share = self.gates[label](x).softmax(dim=1).to(said.dtype)
        return (said * share.unsqueeze(1)).sum(dim=2)


class Tasks(nn.Module):
    """A model and what a second label needs: says the click's logit; ``second`` holds the other label's for the rows seen last."""

    second: Tensor

    def __init__(self, config: Config, model: nn.Module, width: int, rate: float) -> None:
        super().__init__()
        self.model = model
        kinds = {"mmoe": lambda: Experts(config, width, 0), "ple": lambda: Experts(config, width, config.experts // 2)}
        self.alone = config.tasks == "esmm"
        self.part = (
            tower(config, width) if self.alone else kinds.get(config.tasks, lambda: SharedBottom(config, width))()
        )
        self.heads = nn.ModuleList(nn.Linear(last_width(config), 1) for _ in range(1 if self.alone else 2))
        self.bias = nn.Parameter(torch.logit(torch.tensor(min(max(rate, 1e-6), 1.0 - 1e-6))))

    def forward(self, x: Tensor) -> Tensor:
        first, flat = self.model(x), x.flatten(1)
        if self.alone:
            self.second = self.bias + self.heads[0](self.part(flat)).squeeze(1)
            return first
        mine, other = self.part(flat)
        self.second = self.bias + self.heads[1](other).squeeze(1)
        return first + self.heads[0](mine).squeeze(1)
