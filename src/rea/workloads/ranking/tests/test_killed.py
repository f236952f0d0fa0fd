"""A job killed at any moment goes on from its last checkpoint to the very bits of an unbroken one."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from safetensors.torch import load_file
from test_training import predictions

from ranker import checkpoint

WORDS = ("batch_size=128", "micro_batch=16", "epochs=3", "weight_averaging=0.9", "dropout=0.1", "early_stopping=2")
EVERY = "checkpoint_every=4"


def state_of(out):
    return json.loads((out / "checkpoint" / "state.json").read_text())


def tensors_of(out):
    return load_file(out / "checkpoint" / state_of(out)["tensors"])


def same(first, second):
    """Predictions, tensors and claims, bit for bit."""
    tensors = [tensors_of(out) for out in (first, second)]
    return (
        (predictions(first)[1] == predictions(second)[1]).all()
        and tensors[0].keys() == tensors[1].keys()
        and all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])
        and (first / "metrics.jsonl").read_text() == (second / "metrics.jsonl").read_text()
    )


def started(path, out):
    resume = ["--resume", str(out / "checkpoint")] if (out / "checkpoint" / "state.json").is_file() else []
    words = ["-m", "ranker.train", "--data", str(path), "--out", str(out), "--seed", "1", *resume, *WORDS, EVERY]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def killed_at(process, out, step):
    """Kill -9 as soon as a checkpoint of ``step`` or later is there; the signal it ended by, 0 if it was done before."""
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        file = out / "checkpoint" / "state.json"
        if file.is_file() and state_of(out)["progress"]["step"] >= step:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait(60)


def test_killed_three_times_it_ends_as_if_it_never_was(tiny, trained, tmp_path):
    whole, _ = trained(tiny[0], *WORDS, name="whole")
    total, out = state_of(whole)["progress"]["step"], tmp_path / "broken"
    draw = random.Random()
    at = sorted(draw.sample(range(4, total - 12), 3))
    ends = [killed_at(started(tiny[0], out), out, step) for step in at]
    assert ends.count(-signal.SIGKILL) >= 2, f"killed at {at}: {ends}"
    assert not (out / "predictions.parquet").exists()
    assert started(tiny[0], out).wait(120) == 0
    assert same(whole, out), f"killed at {at}"


class Killed(BaseException):
    """As if the process had gone."""


def torn(tiny, trained, monkeypatch, name):
    """A run that is killed between the tensors and the state of its fifth checkpoint, and its resumed end."""
    write, states = checkpoint._replace, []

    def dying(path, content):
        if path.name == "state.json":
            states.append(path)
            if len(states) == 5:
                raise Killed
        write(path, content)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(checkpoint, "_replace", dying)
        trained(tiny[0], *WORDS, EVERY, name=name)
    out, code = trained(tiny[0], *WORDS, EVERY, name=name, resume=trained.folder / name / "checkpoint")
    assert code == 0
    return out


def test_killed_between_the_two_files_of_a_checkpoint_it_goes_on_from_the_one_before(tiny, trained, monkeypatch):
    whole, _ = trained(tiny[0], *WORDS, name="whole")
    assert same(whole, torn(tiny, trained, monkeypatch, "torn"))
    assert len(list((trained.folder / "torn" / "checkpoint").iterdir())) == 2


def test_a_checkpoint_written_over_itself_would_be_noticed(tiny, trained, monkeypatch):
    whole, _ = trained(tiny[0], *WORDS, name="whole")
    monkeypatch.setattr(checkpoint, "TENSORS", ("tensors.safetensors", "tensors.safetensors"))
    monkeypatch.setattr(checkpoint.Path, "unlink", lambda *_, **__: None)
    assert not same(whole, torn(tiny, trained, monkeypatch, "torn"))


def test_an_epoch_s_loss_is_the_same_when_resumed_amid_it(tiny, trained):
    whole, _ = trained(tiny[0], *WORDS, name="whole")
    half, _ = trained(tiny[0], *WORDS, "stop_at=0.5", name="half")
    last, _ = trained(tiny[0], *WORDS, resume=half / "checkpoint", name="last")
    ends = [(out / "metrics.jsonl").read_text().splitlines()[-1] for out in (whole, last)]
    assert ends[0] == ends[1]
