"""What a training lowers: log loss, focal loss (1708.02002), and a share of pairwise loss beside it (RankNet 2005; 2403.14144)."""

import torch
from torch import Tensor
from torch.nn import functional

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused


def loss_of(config: Config, logits: Tensor, label: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """The weighted sum over rows and members: logits (rows, members), label, smoothed target and weight (rows,)."""
    c_code = kernels.load(config)
    if config.loss == "bce" and c_code is not None and logits.dtype == torch.float32 and logits.device.type == "cpu":
        total = fused.log_loss_through(c_code, target, weight, logits)
    else:
        total = (_each(config, logits, target.unsqueeze(1).expand_as(logits)).sum(dim=1) * weight).sum()
    if config.codistillation and logits.shape[1] > 1:
        total = total + config.codistillation * (_from_others(logits).sum(dim=1) * weight).sum()
    if config.pairwise_loss:
        total = total + config.pairwise_loss * _pairs(logits, label)
    return total


def _each(config: Config, logits: Tensor, wide: Tensor) -> Tensor:
    loss = functional.binary_cross_entropy_with_logits(logits, wide, reduction="none")
    return loss * (torch.sigmoid(logits) - wide).abs() if config.loss == "focal" else loss


def _from_others(logits: Tensor) -> Tensor:
    """Each member's log loss against the mean prediction of the others (codistillation, 1804.03235): (rows, members)."""
    said = torch.sigmoid(logits.detach())
    others = (said.sum(dim=1, keepdim=True) - said) / (logits.shape[1] - 1)
    return functional.binary_cross_entropy_with_logits(logits, others, reduction="none")


def _pairs(logits: Tensor, label: Tensor) -> Tensor:
    """Each positive against one negative of the batch, drawn at random, on the scale of a sum over rows."""
    positive, negative = logits[label > 0.5], logits[label <= 0.5]
    if not len(positive) or not len(negative):
        return logits.sum() * 0.0
    drawn = torch.randint(len(negative), (len(positive),), device=logits.device)
    return functional.softplus(negative[drawn] - positive).sum() * (len(logits) / len(positive))
