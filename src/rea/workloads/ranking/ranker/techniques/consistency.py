"""R-Drop (2106.14448): two passes with different dropout draws are to say the same. Without any dropout it does nothing but cost."""

from typing import TYPE_CHECKING

from ranker.setting import number

if TYPE_CHECKING:
    from torch import Tensor

    from ranker.loop import Training
    from ranker.stream import Batch

SETTINGS = {"consistency": number(0.0, 0.0, 100.0, (0.0, 5.0))}


def loss(training: "Training", index: "Tensor", batch: "Batch", logits: "Tensor") -> "Tensor":
    """The mean of both passes' losses instead of the first one's, and ``consistency`` times the divergence between them."""
    from ranker.loop import forward, loss_at

    other = forward(training, batch)
    apart = (divergence(logits, other).sum(dim=1) * batch[3]).sum()
    second = loss_at(training, batch, other) - loss_at(training, batch, logits)
    return 0.5 * second + training.config.consistency * apart


def divergence(logits: "Tensor", other: "Tensor") -> "Tensor":
    """The mean of the two Kullback-Leibler divergences between the clicks that two logits stand for."""
    return 0.5 * (logits.sigmoid() - other.sigmoid()) * (logits - other)
