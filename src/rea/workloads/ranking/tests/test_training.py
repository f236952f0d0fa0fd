import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranker import metrics
from ranker.config import model_names
from ranker.predict import main as predict_main


def predictions(out):
    table = pq.read_table(out / "predictions.parquet")
    return table["row_id"].to_numpy(), table["prediction"].to_numpy()


def without(path, names, to, **replaced):
    """A copy of a view without some columns and with others replaced."""
    table = pq.read_table(path).drop_columns(names)
    for name, values in replaced.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    pq.write_table(table, to)
    return to


SLOW = {
    "lr": "learning_rate=0.03",
    "fm": "learning_rate=0.01",
    "fwfm": "learning_rate=0.01",
    "fmfm": "learning_rate=0.01",
}  # to learn, at the default rate


@pytest.mark.parametrize("model", model_names())
def test_every_model_beats_the_constant(small, trained, model):
    path, columns = small
    out, code = trained(path, f"model={model}", "epochs=3", SLOW.get(model, "epochs=3"))
    assert code == 0
    row_id, p = predictions(out)
    assert set(row_id) == set(np.flatnonzero(columns["split"] == "test"))
    assert metrics.normalized_entropy(columns["click"][row_id].astype(float), p) < 0.95
    run = json.loads((out / "run.json").read_text())
    assert run["config"]["model"] == model and run["parameters"] > 0 and run["latency_us"] > 0
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1.0, 2.0, 3.0]


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tiny, trained):
    first, same, other = (trained(tiny[0], "dropout=0.1", seed=s, name=n)[0] for s, n in ((1, "a"), (1, "b"), (2, "c")))
    assert (predictions(first)[1] == predictions(same)[1]).all()
    assert (predictions(first)[1] != predictions(other)[1]).any()


RESUMED = [
    (),
    ("weight_averaging=0.9", "dropout=0.2", "id_dropout=0.1", "normalisation=batch"),
    ("early_stopping=1", "epochs=5", "learning_rate=0.05", "optimizer=adagrad", "calibration=platt"),
    ("micro_batch=100", "ensemble=2", "optimizer=sgd", "schedule=cosine", "warmup=0.2"),
]


@pytest.mark.parametrize("words", RESUMED)
def test_a_resumed_rung_ends_bit_for_bit_as_an_unbroken_run(tiny, trained, words):
    path = tiny[0]
    whole, _ = trained(path, *words, "batch_size=256", name="whole")
    first, _ = trained(path, *words, "batch_size=256", "stop_at=0.2", name="first")
    second, _ = trained(path, *words, "batch_size=256", "stop_at=0.7", resume=first / "checkpoint", name="second")
    last, code = trained(path, *words, "batch_size=256", resume=second / "checkpoint", name="last")
    assert code == 0
    assert (predictions(first)[1] != predictions(whole)[1]).any()
    assert (predictions(last)[1] == predictions(whole)[1]).all()
    tensors = [(out / "checkpoint" / "tensors.safetensors").read_bytes() for out in (whole, last)]
    assert tensors[0] == tensors[1]


def test_a_lost_optimizer_state_would_be_noticed(tiny, trained, monkeypatch):
    path = tiny[0]
    whole, _ = trained(path, "batch_size=256", name="whole")
    first, _ = trained(path, "batch_size=256", "stop_at=0.5", name="first")
    from safetensors.torch import load_file, save_file

    file = first / "checkpoint" / "tensors.safetensors"
    save_file({k: v.zero_() if k.startswith("first.") else v for k, v in load_file(file).items()}, file)
    last, _ = trained(path, "batch_size=256", resume=first / "checkpoint", name="last")
    assert (predictions(last)[1] != predictions(whole)[1]).any()


def test_neither_test_labels_nor_the_best_probability_are_looked_at(tiny, trained, tmp_path):
    path, columns = tiny
    label = columns["click"].astype(object)
    label[columns["split"] == "test"] = None
    view = without(path, ["p_bayes"], tmp_path / "view.parquet", click=pa.array(list(label), pa.int8()))
    words = ("count_features=rate", "time_features=age", "calibration=platt", "numeric_encoding=quantile")
    full, _ = trained(path, *words, name="full")
    blind, code = trained(view, *words, name="blind")
    assert code == 0
    assert (predictions(full)[1] == predictions(blind)[1]).all()


def test_rows_without_a_label_are_predicted_whatever_their_split(tiny, trained, tmp_path):
    path, columns = tiny
    hidden = np.flatnonzero(columns["split"] == "valid")[::2]
    label = columns["click"].astype(object)
    label[hidden] = None
    view = without(path, ["p_bayes"], tmp_path / "view.parquet", click=pa.array(list(label), pa.int8()))
    out, _ = trained(view, "rows=0.2", "epochs=1")
    assert set(hidden) <= set(predictions(out)[0])


def test_counts_of_the_past_do_not_see_their_own_day(tiny):
    from ranker.features import _Codes, _past

    code, day = np.array([0, 0, 0, 1, 0]), np.array([0.0, 0.0, 1.0, 1.0, 3.0])
    label, train = np.array([1.0, 0.0, 1.0, 1.0, np.nan]), np.arange(4)
    shown, clicked = _past(_Codes(code, 2), (train, label, day))
    assert shown.tolist() == [0, 0, 2, 0, 3] and clicked.tolist() == [0, 0, 1, 0, 2]


def test_micro_batches_give_the_gradient_of_the_whole_batch(tiny, trained):
    whole, _ = trained(tiny[0], "batch_size=1000", name="whole")
    parts, _ = trained(tiny[0], "batch_size=1000", "micro_batch=64", name="parts")
    assert np.abs(predictions(whole)[1] - predictions(parts)[1]).max() < 1e-4


def test_negative_sampling_is_put_right(small, trained):
    path, columns = small
    out, _ = trained(path, "negative_sampling=0.3", "epochs=3")
    row_id, p = predictions(out)
    assert metrics.calibration(columns["click"][row_id].astype(float), p) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("kind", ["bias", "temperature", "platt", "isotonic"])
def test_calibration_lowers_the_loss_it_is_fitted_on(kind):
    from ranker.calibrate import apply, fit
    from ranker.predict import sigmoid

    rng = np.random.default_rng(0)
    logit = rng.normal(size=4000)
    label = (rng.random(4000) < sigmoid(0.5 * logit - 0.7)).astype(float)
    fitted = sigmoid(apply(fit(kind, logit, label), logit))
    assert metrics.log_loss(label, fitted) < metrics.log_loss(label, sigmoid(logit)) - 1e-4
    if kind in ("bias", "platt"):
        assert metrics.calibration(label, fitted) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_a_checkpoint_serves_the_same_predictions(tiny, trained, tmp_path, kind):
    out, _ = trained(tiny[0], f"calibration={kind}", "weight_averaging=0.9")
    served = tmp_path / "served.parquet"
    words = ["--data", str(tiny[0]), "--checkpoint", str(out / "checkpoint"), "--out", str(served)]
    assert predict_main(words) == 0
    assert (pq.read_table(served)["prediction"].to_numpy() == predictions(out)[1]).all()


def test_members_learn_from_each_other_and_one_of_them_can_serve(tiny, trained):
    def bits(*words, name):
        return predictions(trained(tiny[0], "ensemble=3", "rows=0.3", *words, name=name)[0])[1]

    alone, taught, one = bits(name="a"), bits("codistillation=1", name="b"), bits("serve_one=true", name="c")
    assert (alone != taught).any() and (alone != one).any()
    assert abs(taught - bits("codistillation=1", "serve_one=true", name="d")).mean() < abs(alone - one).mean()
