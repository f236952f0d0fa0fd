"""FinalNet (SIGIR 2023): layers that multiply two linear views of their input."""

import itertools

from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import Layer, last_width, widths


class Factorised(nn.Module):
    """A layer of the tower whose output is a + a * b, with a and b linear in the input."""

    def __init__(self, config: Config, inputs: int, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.views = nn.Linear(inputs, 2 * outputs)
        self.rest = Layer(config, outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.views(x).split(self.outputs, dim=1)
        return self.rest(a + a * b)


class Model(nn.Module):
    """A first layer that multiplies, then the tower's other layers likewise."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        sizes = [fields * config.embedding_dim, *widths(config)]
        self.layers = nn.Sequential(*(Factorised(config, *pair) for pair in itertools.pairwise(sizes)))
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layers(x.flatten(1))).squeeze(1)
