"""Sharpness-aware minimisation (2010.01412): a step takes the gradient from the worst place within ``sharpness`` of the weights."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ranker.setting import number

if TYPE_CHECKING:
    from ranker.loop import Training

SETTINGS = {"sharpness": number(0.0, 0.0, 10.0, (0.0, 0.5))}


def gradient(training: "Training", again: Callable[[], float]) -> None:
    """Replace the gradient by the one at weights + sharpness * gradient / |gradient|, with the same draws; all else stays as it was."""
    import torch

    groups, buffers = training.optimizer.groups().values(), list(training.network.buffers())
    norm = math.hypot(*(float(group.gradient.norm()) for group in groups))
    with torch.no_grad():
        weights, kept = [group.value.clone() for group in groups], [each.clone() for each in buffers]
        for group in groups:
            group.value.add_(group.gradient, alpha=training.config.sharpness / (norm + 1e-12))
            group.gradient.zero_()
    for each in training.optimizer.inputs:
        if each.seen is not None:
            each.seen.clear()
    again()
    with torch.no_grad():
        for group, value in zip(groups, weights, strict=True):
            group.value.copy_(value)
        for each, value in zip(buffers, kept, strict=True):  # running statistics are those of the weights themselves
            each.copy_(value)
