"""Train a CTR model. Everything is configured through hydra, e.g.

    python train.py model=mlp optim.lr=3e-4 trainer.max_epochs=3
"""
import logging
from pathlib import Path

import hydra
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from hydra.utils import instantiate, to_absolute_path
from omegaconf import DictConfig, OmegaConf
from torch import nn

from ctr.dataset import ClickData

log = logging.getLogger(__name__)


def evaluate(net, feats, labels, bs=8192):
    net.eval()
    criterion = nn.BCEWithLogitsLoss(reduction="sum")
    with torch.no_grad():
        total = sum(criterion(net(x), y).item() for x, y in zip(feats.split(bs), labels.split(bs)))
    return total / len(labels)


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    log.info("\n%s", OmegaConf.to_yaml(cfg))
    torch.manual_seed(cfg.seed)
    torch.set_num_threads(cfg.trainer.num_threads)
    data = ClickData(to_absolute_path(cfg.data.path), cfg.data.target, list(cfg.data.drop), cfg.data.min_count)
    net = instantiate(cfg.model, cardinalities=data.cardinalities)
    optimizer = instantiate(cfg.optim, params=net.parameters())
    criterion = nn.BCEWithLogitsLoss()

    feats, labels = data.tensors("train")
    if cfg.trainer.limit_train < 1.0:
        keep = torch.randperm(len(labels))[: int(len(labels) * cfg.trainer.limit_train)]
        feats, labels = feats[keep], labels[keep]
    val_feats, val_labels = data.tensors("valid")
    log.info("%d training rows, %d parameters", len(labels), sum(p.numel() for p in net.parameters()))

    for epoch in range(cfg.trainer.max_epochs):
        net.train()
        for idx in torch.randperm(len(labels)).split(cfg.trainer.batch_size):
            loss = criterion(net(feats[idx]), labels[idx])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if cfg.trainer.clip_norm > 0:
                nn.utils.clip_grad_norm_(net.parameters(), cfg.trainer.clip_norm)
            optimizer.step()
        log.info("epoch %d: val_loss=%.5f", epoch, evaluate(net, val_feats, val_labels))

    out = Path(to_absolute_path(cfg.output_dir))
    out.mkdir(parents=True, exist_ok=True)
    test_feats, _ = data.tensors("test")
    net.eval()
    with torch.no_grad():
        scores = torch.cat([torch.sigmoid(net(x)) for x in test_feats.split(8192)]).numpy()
    table = pa.table({"row_id": data.column("row_id", "test"), "prediction": scores.astype(np.float64)})
    pq.write_table(table, out / "test_scores.parquet")
    log.info("wrote %s", out / "test_scores.parquet")


if __name__ == "__main__":
    main()
