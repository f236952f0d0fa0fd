"""Train one model with one third-party library, as its own documentation shows, on data that ``bench.py`` laid out. Runs in `.venv-peers`.

    python peers.py LIBRARY MODEL DATA.npz OUT.npz --tower 400,400,400 --epochs 15 --batch 4096 --dim 10 --seed 1

OUT holds the predictions of the test rows and the seconds of training alone.
"""

import argparse
import os
import tempfile
import time

import numpy as np
import torch

RATE = 1e-3
CROSS_LAYERS, ATTENTION_LAYERS, HEADS = 3, 3, 2


def rechub(given: argparse.Namespace, data: dict[str, np.ndarray]) -> np.ndarray:
    """Train with torch-rechub: a dictionary of columns, its generator of batches, its trainer; batch norm in every tower."""
    from torch_rechub.basic.features import SparseFeature
    from torch_rechub.models.ranking import AutoInt, DCNv2, DeepFM
    from torch_rechub.trainers import CTRTrainer
    from torch_rechub.utils.data import DataGenerator

    fields = [SparseFeature(f"f{i}", int(n), embed_dim=given.dim) for i, n in enumerate(data["sizes"])]
    tower = {"dims": given.tower, "activation": "relu", "dropout": 0.0}
    model = {
        "deepfm": lambda: DeepFM(fields, fields, tower),
        "dcnv2": lambda: DCNv2(fields, CROSS_LAYERS, tower, use_low_rank_mixture=False),
        "autoint": lambda: AutoInt(fields, [], num_layers=ATTENTION_LAYERS, num_heads=HEADS, mlp_params=tower),
    }[given.model]()
    columns = {part: {f"f{i}": data[part][:, i] for i in range(len(fields))} for part in ("train", "test")}
    train, _, test = DataGenerator(columns["train"], data["label"]).generate_dataloader(
        x_val=columns["test"],
        y_val=np.zeros(len(data["test"])),
        x_test=columns["test"],
        y_test=np.zeros(len(data["test"])),
        batch_size=given.batch,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = CTRTrainer(model, optimizer_params={"lr": RATE}, n_epoch=given.epochs, model_path=folder)
        trainer.fit(train)
        return np.asarray(trainer.predict(model, test))


def deepctr(given: argparse.Namespace, data: dict[str, np.ndarray]) -> np.ndarray:
    """Train with DeepCTR-Torch: fields as feature columns, ``compile`` and ``fit``; batch norm as in the other trainers."""
    from deepctr_torch.inputs import SparseFeat
    from deepctr_torch.models import DCN, AutoInt, DeepFM

    fields = [SparseFeat(f"f{i}", int(n), embedding_dim=given.dim) for i, n in enumerate(data["sizes"])]
    shared = {
        "dnn_hidden_units": tuple(given.tower),
        "dnn_use_bn": True,
        "l2_reg_embedding": 0.0,
        "seed": given.seed,
        "init_std": 0.01,
    }
    model = {
        "deepfm": lambda: DeepFM(fields, fields, l2_reg_linear=0.0, **shared),
        "dcnv2": lambda: DCN(
            fields,
            fields,
            cross_num=CROSS_LAYERS,
            cross_parameterization="matrix",
            l2_reg_linear=0.0,
            l2_reg_cross=0.0,
            **shared,
        ),
        "autoint": lambda: AutoInt(fields, fields, att_layer_num=ATTENTION_LAYERS, att_head_num=HEADS, **shared),
    }[given.model]()
    model.compile(torch.optim.Adam(model.parameters(), lr=RATE), "binary_crossentropy")
    columns = {part: {f"f{i}": data[part][:, i] for i in range(len(fields))} for part in ("train", "test")}
    model.fit(columns["train"], data["label"], batch_size=given.batch, epochs=given.epochs, verbose=0)
    return model.predict(columns["test"], given.batch)[:, 0]


def main() -> None:
    """Train, predict, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", choices=["rechub", "deepctr"])
    parser.add_argument("model", choices=["deepfm", "dcnv2", "autoint"])
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--tower", type=lambda text: [int(width) for width in text.split(",")], required=True)
    for name in ("epochs", "batch", "dim", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(given.seed)
    np.random.seed(given.seed)
    with np.load(given.data) as file:
        data = dict(file)
    begun = time.perf_counter()
    prediction = {"rechub": rechub, "deepctr": deepctr}[given.library](given, data)
    np.savez(given.out, prediction=prediction, seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main()
