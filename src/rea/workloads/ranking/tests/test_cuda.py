"""The CUDA path, where there is a GPU. Elsewhere skipped, and not tested at all."""

import numpy as np
import pytest
import torch
from test_training import predictions

from ranker import metrics

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device: the CUDA path is NOT tested here"
)


@pytest.mark.parametrize("words", [(), ("precision=bf16",), ("stream_rows=6000",), ("model=autoint", "dropout=0.1")])
def test_a_training_on_the_gpu_is_as_good_as_on_the_cpu(small, trained, words):
    path, columns = small
    found = {}
    for device in ("cpu", "cuda"):
        out, code = trained(path, "epochs=2", f"device={device}", *words, name=device)
        assert code == 0
        row_id, p = predictions(out)
        found[device] = metrics.normalized_entropy(columns["click"][row_id].astype(float), p)
    assert abs(found["cuda"] - found["cpu"]) < 0.02


def test_a_training_on_the_gpu_resumes(small, trained):
    words = ("epochs=2", "device=cuda")
    whole, _ = trained(small[0], *words, name="whole")
    half, _ = trained(small[0], *words, "stop_at=0.5", name="half")
    last, code = trained(small[0], *words, resume=half / "checkpoint", name="last")
    assert code == 0
    assert np.abs(predictions(last)[1] - predictions(whole)[1]).max() < 1e-2
