"""A second label, such as a conversion, learned beside the click: ``second_label`` names its column, ``tasks`` how much is shared.

Tables are always shared, and the model of the folder says its part of the click's logit as ever. Beside it: one tower for both
(``shared_bottom``), experts that each label mixes in its own way (``mmoe``, KDD 2018), some of which are one label's alone (``ple``, RecSys
2020), or a tower for the second label given a click, so that the product of both probabilities is learned from all rows (``esmm``, 1804.07931).
The column is no feature, and it is read on training rows only; a missing value says nothing.
"""

from typing import TYPE_CHECKING

import numpy as np

from ranker.setting import choice, number, text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ranker.config import Config
    from ranker.data import Data
    from ranker.loop import Training
    from ranker.stream import Batch

SETTINGS = {
    "second_label": text(),
    "tasks": choice("shared_bottom", "mmoe", "ple", "esmm", lever=False),
    "second_weight": number(1.0, 0.0, 100.0),  # of its loss
    "experts": number(4, 2, 64),
}


def reads(config: "Config") -> list[str]:
    """The column of the second label."""
    return [config.second_label]


def targets(config: "Config", columns: dict[str, np.ndarray], row_id: np.ndarray) -> dict[str, np.ndarray]:
    """It, on training rows."""
    return {"second_label": columns[config.second_label]}


def attach(config: "Config", network: "nn.Module", data: "Data") -> None:
    """What the second label needs, around each member's model."""
    from ranker.layers.tasks import Tasks

    label = data.targets["second_label"]
    rate = float(label[~label.isnan()].mean())
    for member in network.members:
        member.model = Tasks(config, member.model, member.fields * config.embedding_dim, rate)


def loss(training: "Training", index: "Tensor", batch: "Batch", logits: "Tensor") -> "Tensor":
    """``second_weight`` times the log loss of the second label over the rows that have one."""
    import torch

    label = training.data.targets["second_label"][index].unsqueeze(1)
    log_p, log_not = second(training, logits)
    each = -torch.where(label > 0.5, log_p, log_not)
    each = each.masked_fill(label.isnan(), 0.0)  # after, so that no missing value is multiplied
    return training.config.second_weight * (each.sum(dim=1) * batch[3]).sum()


def second(training: "Training", logits: "Tensor") -> "tuple[Tensor, Tensor]":
    """ln p and ln(1 - p) of the second label for the rows that the network saw last: (rows, members) each."""
    import torch
    from torch.nn.functional import logsigmoid

    logit = torch.stack([member.model.second for member in training.network.members], dim=1).float()
    if training.config.tasks != "esmm":
        return logsigmoid(logit), logsigmoid(-logit)
    log_p = logsigmoid(logits) + logsigmoid(logit)
    return log_p, torch.log1p(-log_p.exp().clamp_max(1.0 - 1e-6))
