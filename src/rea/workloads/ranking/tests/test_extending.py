"""A model or a technique is one file: nothing else is edited, and workload.toml follows from it."""

import json
import shutil
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

from ranker import levers

MODEL = '''"""A toy: the mean of all vectors."""

from torch import Tensor, nn

from ranker.config import Config


class Model(nn.Module):
    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.out = nn.Linear(config.embedding_dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x.mean(dim=1)).squeeze(1)
'''

TECHNIQUE = '''"""A toy: logits are held near zero."""

from ranker.setting import number

SETTINGS = {"timidity": number(0.0, 0.0, 100.0, (0.0, 1.0), role="other")}


def loss(training, index, batch, logits):
    return training.config.timidity * logits.square().sum()
'''


@pytest.fixture
def copy(tmp_path):
    """A copy of this repository, and how to run a module in it."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("__pycache__", "tests", "data"))

    def run(*words):
        return subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True)

    return folder, run


def found(folder):
    return {each["name"]: each for each in tomllib.loads((folder / "workload.toml").read_text())["lever"]}


def test_the_levers_are_those_of_the_settings():
    assert levers.main([]) == 0, "python -m ranker.levers --write"


def test_a_setting_that_workload_toml_does_not_know_is_noticed(copy):
    folder, run = copy
    assert run("ranker.levers").returncode == 0
    (folder / "ranker/techniques/toy.py").write_text(TECHNIQUE)
    told = run("ranker.levers")
    assert told.returncode == 1 and "--write" in told.stderr


def test_a_file_is_a_model(copy, tiny, tmp_path):
    folder, run = copy
    (folder / "ranker/models/toy.py").write_text(MODEL)
    assert run("ranker.levers", "--write").returncode == 0
    assert "toy" in found(folder)["model"]["choices"]
    words = ("--data", str(tiny[0]), "--out", str(tmp_path / "out"), "model=toy", "rows=0.3")
    done = run("ranker.train", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/run.json").read_text())["config"]["model"] == "toy"


def test_a_file_is_a_technique(copy, tiny, tmp_path):
    folder, run = copy
    before = found(folder)
    (folder / "ranker/techniques/toy.py").write_text(TECHNIQUE)
    assert run("ranker.levers", "--write").returncode == 0
    after = found(folder)
    timidity = {"name": "timidity", "type": "float", "role": "other", "default": 0.0, "low": 0.0, "high": 1.0}
    assert after == before | {"timidity": timidity}
    spread = []
    for value in ("0", "1"):
        out = tmp_path / value
        words = ("--data", str(tiny[0]), "--out", str(out), f"timidity={value}", "learning_rate=0.01", "epochs=5")
        assert run("ranker.train", *words).returncode == 0
        spread.append(_logits(out).std())
    assert spread[1] < 0.5 * spread[0]
    wrong = run("ranker.train", "--data", str(tiny[0]), "--out", str(tmp_path / "wrong"), "timidity=-1")
    assert wrong.returncode == 2 and "between 0 and 100" in wrong.stderr


def _logits(out):
    import numpy as np
    import pyarrow.parquet as pq

    p = pq.read_table(out / "predictions.parquet")["prediction"].to_numpy()
    return np.log(p / (1 - p))
