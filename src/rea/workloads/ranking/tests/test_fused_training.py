"""``kernels=fused`` as a whole: trainings keep the promises of plain ones, and libraries are compiled with care."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from ranker import kernels
from ranker.config import parse
from ranker.layers import fused
from ranker.metrics import normalized_entropy
from ranker.models import Ensemble

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.usefixtures("own_cache")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler: install gcc to test kernels=fused")


def load():
    return kernels.load(parse(["kernels=fused"]))


SIZES, ROWS = (5, 9, 4), 70
NETWORKS = [
    ("model=deepfm", "normalisation=batch"),
    ("model=deepfm", "gating=vector", "residual=true", "normalisation=batch", "tower_taper=0.5"),
    ("model=dcnv2", "normalisation=batch", "first_order=false"),
    ("model=dcnv2", "normalisation=batch", "structure=stacked", "interaction_width=3"),
    ("model=autoint", "normalisation=layer", "embedding_norm=true"),
    ("model=fm", "numeric_encoding=piecewise", "embedding_sizing=0.3"),
]


def gradients(words):
    """Of all weights of a network, by name, and its logits, after one batch."""
    torch.manual_seed(3)
    network = Ensemble(parse([*words, "embedding_std=0.5", "embedding_dim=4"]), SIZES, 2, 0.3)
    for each in network.parameters():
        each.grad = torch.zeros_like(each)
    ids = torch.stack([torch.randint(size, (ROWS,)) for size in SIZES], dim=1).to(torch.int32)
    logits = network(ids, torch.randn(ROWS, 2))
    (logits * torch.randn(ROWS, 1)).sum().backward()
    return {"logits": logits.detach()} | {name: each.grad for name, each in network.named_parameters()}


def apart(words):
    """By which share of its norm a gradient with kernels is off the plain path's, at most."""
    plain, fast = gradients(words), gradients((*words, "kernels=fused"))
    assert plain.keys() == fast.keys() and all(each.any() for each in plain.values())
    return max(float((plain[name] - fast[name]).norm() / plain[name].norm()) for name in plain)


@needs_compiler
@pytest.mark.parametrize("words", NETWORKS, ids=" ".join)
def test_a_network_has_the_gradients_of_the_plain_one(words):
    assert apart(words) < 1e-4


def nothing(found):
    return torch.zeros_like(found) if isinstance(found, torch.Tensor) else [0 * each for each in found]


@needs_compiler
@pytest.mark.parametrize("words", NETWORKS[:5], ids=" ".join)
def test_a_stretch_that_forgets_a_gradient_would_be_noticed(words, monkeypatch):
    name = "mapped" if words[-1] != "embedding_norm=true" else "read"
    whole = getattr(fused, name)

    def forgetting(*given):
        out, back = whole(*given)
        return out, lambda gradient: nothing(back(gradient))

    monkeypatch.setattr(fused, name, forgetting)
    assert apart(words) > 1e-2


def predicted(out):
    return pq.read_table(out / "predictions.parquet")["prediction"].to_numpy()


def ran(out):
    return json.loads((out / "run.json").read_text())["kernels"]


TRAININGS = [
    ("model=deepfm", "normalisation=batch", "precision=bf16", "weight_averaging=0.9"),
    ("model=dcnv2", "normalisation=batch", "dropout=0.1", "residual=true", "ensemble=2", "micro_batch=100"),
    ("model=dcnv2", "structure=stacked", "interaction_width=3", "embedding_optimizer=lazy_adam"),
    ("model=autoint", "precision=bf16", "sharpness=0.05", "gating=vector", "id_dropout=0.1"),
    ("model=fm", "loss=focal", "embedding_optimizer=rowwise_adagrad", "embedding_clip=1", "compositional=50"),
    ("model=finalmlp", "normalisation=batch", "consistency=1", "dropout=0.1", "stream_rows=500"),
]


@needs_compiler
@pytest.mark.parametrize("words", TRAININGS, ids=lambda words: words[0])
def test_a_training_repeats_resumes_and_says_what_the_plain_one_says(tiny, trained, words):
    words = (*words, "epochs=3", "batch_size=256", "kernels=fused")
    first, _ = trained(tiny[0], *words, name="first")
    again, _ = trained(tiny[0], *words, name="again")
    half, _ = trained(tiny[0], *words, "stop_at=0.4", name="half")
    resumed, code = trained(tiny[0], *words, resume=half / "checkpoint", name="resumed")
    plain, _ = trained(tiny[0], *words[:-1], name="plain")
    assert code == 0 and (ran(first), ran(plain)) == ("fused", "torch")
    assert (predicted(first) == predicted(again)).all() and (predicted(first) == predicted(resumed)).all()
    label = tiny[1]["click"][pq.read_table(first / "predictions.parquet")["row_id"].to_numpy()].astype(float)
    assert abs(normalized_entropy(label, predicted(first)) - normalized_entropy(label, predicted(plain))) < 0.01


@needs_compiler
def test_a_checkpoint_goes_on_with_the_kernels_it_was_made_with(tiny, trained, capsys):
    half, _ = trained(tiny[0], "stop_at=0.5", "kernels=fused", name="half")
    assert trained(tiny[0], resume=half / "checkpoint")[1] == 2
    assert "another kernels" in capsys.readouterr().err


def test_without_a_working_compiler_a_training_is_the_plain_one(tiny, trained, tmp_path, monkeypatch):
    words = ("model=deepfm", "normalisation=batch", "rows=0.3")
    plain = predicted(trained(tiny[0], *words, name="plain")[0])
    broken = tmp_path / "bin" / "cc"
    broken.parent.mkdir()
    monkeypatch.setenv("PATH", str(broken.parent))
    for name in ("absent", "broken"):
        kernels._library.cache_clear()
        out, code = trained(tiny[0], *words, "kernels=fused", name=name)
        assert code == 0 and ran(out) == "torch" and np.array_equal(predicted(out), plain)
        broken.write_text("#!/bin/sh\nexit 1\n")
        broken.chmod(0o755)


@needs_compiler
def test_a_library_is_compiled_once_and_never_where_others_can_write(tmp_path, monkeypatch):
    compiled = []
    compiling = kernels._compiled
    monkeypatch.setattr(kernels, "_compiled", lambda path, argv: compiled.append(path) or compiling(path, argv))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        kernels._library.cache_clear()
        assert load() is not None
    folder = tmp_path / "ranker-kernels"
    assert len(compiled) == 1 and [each.suffix for each in folder.iterdir()] == [".so"]
    folder.chmod(0o777)
    kernels._library.cache_clear()
    assert load() is not None
    assert len(compiled) == 2 and folder not in compiled[1].parents and not compiled[1].exists()
