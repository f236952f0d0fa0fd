"""Recorded steps: what is played is what was done, and only what kernels did alone is played."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_fused_training import needs_compiler

from ranker import kernels, loop, tape
from ranker.checkpoint import start
from ranker.config import parse
from ranker.kernels import load

pytestmark = [pytest.mark.usefixtures("own_cache"), needs_compiler]
PLAIN = (
    "normalisation=batch",
    "kernels=fused",
    "batch_size=64",
    "precision=bf16",
    "weight_averaging=0.9",
    "ignore=bid,phase",
)
STEPS = 5


def weights(view, words, way):
    """After some steps by one way of coming by the gradient, and how many calls are on tape."""
    training = start(parse([*words]), view, 3)
    order = loop._order(training, 0)
    losses = []
    with pytest.MonkeyPatch.context() as patch:
        if way == "autograd":
            patch.setattr(loop, "_plain", lambda _: False)
        if way == "hand":
            patch.setattr(tape.Tape, "__call__", lambda self, index: self.act(index))
        for step in range(STEPS):
            losses.append(loop._step(training, order[step * 64 : step * 64 + (64 if step != 2 else 44)]))
    flat = [group.value for group in training.optimizer.groups().values()]
    norms = [each for name, each in training.network.named_buffers() if "running" in name or "tracked" in name]
    return [torch.tensor(losses), *flat, *norms], training.tape.calls if training.tape else []


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("model", ["deepfm", "dcnv2", "fm"])
def test_what_is_played_is_what_was_done(tiny, model):
    words = (f"model={model}", *PLAIN)
    played, calls = weights(tiny[0], words, "tape")
    assert calls or not load(parse(words)).multiplies
    assert equal(played, weights(tiny[0], words, "hand")[0])
    assert equal(played, weights(tiny[0], words, "autograd")[0])


@pytest.mark.parametrize(
    "more", ["gating=vector", "ignore=bid", "embedding_optimizer=lazy_adam", "normalisation=layer"]
)
def test_what_torch_had_a_part_in_is_not_played(tiny, more):
    words = ("model=deepfm", *PLAIN, more)
    done, calls = weights(tiny[0], words, "tape")
    assert not calls and equal(done, weights(tiny[0], words, "hand")[0])


@pytest.mark.parametrize("more", ["gating=vector", "ignore=bid"])
def test_a_watch_that_sees_nothing_would_be_noticed(tiny, more, monkeypatch):
    words = ("model=deepfm", *PLAIN, more)
    done = weights(tiny[0], words, "tape")[0]
    monkeypatch.setattr(tape._Watch, "acted", property(lambda _: False, lambda *_: None), raising=False)
    assert not equal(weights(tiny[0], words, "tape")[0], done)


@pytest.mark.parametrize("name", ["take", "norm_backward", "scatter", "grow"])
def test_a_call_that_is_not_recorded_would_be_noticed(name, tiny, monkeypatch):
    words = ("model=deepfm", *PLAIN)
    if not load(parse(words)).multiplies:
        pytest.skip("products are torch's here, so that nothing is played")
    whole = weights(tiny[0], words, "tape")[0]
    noted = kernels._noted
    monkeypatch.setattr(
        kernels, "_noted", lambda calls, f, *given: noted([] if f.__name__ == name else calls, f, *given)
    )
    assert not equal(weights(tiny[0], words, "tape")[0], whole)


def test_a_watch_does_not_import_the_compiler():
    words = "import sys, torch; from ranker.tape import _Watch\nwith _Watch(): torch.empty(1)\nsys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], cwd=Path(__file__).parent.parent, check=False).returncode == 0
