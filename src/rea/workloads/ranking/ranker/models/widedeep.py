"""Wide and deep (1606.07792): a tower beside the first-order term."""

from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """The deep part; the wide one is the first-order term, and crosses where some are set."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.tower = tower(config, fields * config.embedding_dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.tower(x.flatten(1))).squeeze(1)
