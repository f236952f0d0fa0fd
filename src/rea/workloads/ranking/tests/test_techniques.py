"""What each technique of a file of its own does, beside being the same twice."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch.distributions import Bernoulli, kl_divergence

from ranker import checkpoint, loop, metrics
from ranker.config import ConfigError, parse
from ranker.predict import main as predict_main
from ranker.synthetic import SETTINGS, generate, write
from ranker.techniques import consistency, sharpness, tasks


def predictions(out):
    table = pq.read_table(out / "predictions.parquet")
    return table["prediction"].to_numpy()


def started(path, *words):
    """A training before its first step."""
    return checkpoint.start(parse(words), path, 1)


def finished(path, *words):
    """A training after its last."""
    training = started(path, *words)
    loop.run(training, lambda *_: 0.0, lambda _: None)
    return training


@pytest.fixture(scope="module")
def bought(tmp_path_factory):
    """A log with conversions under a name that is not withheld: (path, columns)."""
    columns = generate(replace(SETTINGS["tiny"], rows=20_000, conversion_rate=0.4), 1)
    columns["bought"] = columns.pop("outcome_conversion_seen")
    path = tmp_path_factory.mktemp("bought") / "log.parquet"
    write(columns, path)
    return path, columns


# ---- sharpness ---------------------------------------------------------------------------------------------------------
def gradients(training):
    return torch.cat([group.gradient.clone() for group in training.optimizer.groups().values()])


def weights(training):
    return torch.cat([group.value.clone() for group in training.optimizer.groups().values()])


@pytest.mark.parametrize("words", [(), ("embedding_optimizer=lazy_adam", "embedding_clip=1")])
def test_a_sharp_step_s_gradient_is_that_of_the_worst_place_nearby(tiny, words):
    training = started(tiny[0], "sharpness=0.3", "normalisation=batch", "dropout=0.2", *words)
    training.network.train()
    index = torch.arange(500)
    loop._gradient(training, index)
    plain, before = gradients(training), weights(training)
    buffers = [each.clone() for each in training.network.buffers()]
    sharpness.gradient(training, lambda: loop._gradient(training, index))
    found = gradients(training)
    assert torch.equal(weights(training), before)
    assert all(torch.equal(*pair) for pair in zip(buffers, training.network.buffers(), strict=True))
    if words:  # what a row's lookups are counted by holds the batch once
        assert all(
            sum(len(each) for each in inputs.seen) == 500 * len(training.data.fields)
            for inputs in training.optimizer.inputs
        )
    begin = 0
    for group in training.optimizer.groups().values():
        group.value.add_(plain[begin : begin + len(group.value)] / plain.norm(), alpha=0.3)
        group.gradient.zero_()
        begin += len(group.value)
    loop._gradient(training, index)
    assert torch.allclose(gradients(training), found, atol=1e-6) and not torch.allclose(plain, found, atol=1e-4)


# ---- consistency -------------------------------------------------------------------------------------------------------
def test_the_divergence_is_the_mean_of_both_kullback_leibler_s():
    a, b = torch.randn(50, 2), torch.randn(50, 2)
    first, second = Bernoulli(logits=a), Bernoulli(logits=b)
    expected = 0.5 * (kl_divergence(first, second) + kl_divergence(second, first))
    assert torch.allclose(consistency.divergence(a, b), expected, atol=1e-6)


def test_two_passes_say_more_alike_with_consistency(small):
    def apart(*words):
        training = finished(small[0], "dropout=0.4", "rows=0.5", "batch_size=128", "epochs=4", *words)
        training.network.train()
        batch = training.data.train.take(torch.arange(4000))
        with torch.no_grad():
            return float(consistency.divergence(loop.forward(training, batch), loop.forward(training, batch)).mean())

    assert apart("consistency=5") < 0.7 * apart()


# ---- distillation ------------------------------------------------------------------------------------------------------
@pytest.fixture
def teacher(small, trained, tmp_path):
    """A stored teacher of the small log: its predictions of training rows, and of test rows."""
    out, _ = trained(small[0], "epochs=3", "embedding_l2=0.001", name="teacher")
    path = tmp_path / "teacher.parquet"
    words = ["--data", str(small[0]), "--checkpoint", str(out / "checkpoint"), "--rows", "train", "--out", str(path)]
    assert predict_main(words) == 0
    assert pq.read_table(path).num_rows == (small[1]["split"] == "train").sum()
    return path, predictions(out)


def test_a_student_comes_near_its_teacher(small, trained, teacher):
    path, said = teacher
    words = ("model=deepfm", "rows=0.3", "epochs=10", "batch_size=128")  # too few rows to find it all out alone
    alone, _ = trained(small[0], *words, name="alone")
    taught, code = trained(small[0], *words, "distillation=20", f"teacher={path}", name="taught")
    again, _ = trained(small[0], *words, "distillation=20", f"teacher={path}", name="again")
    soft, _ = trained(small[0], *words, "distillation=20", f"teacher={path}", "distillation_temperature=4", name="soft")
    assert code == 0 and predictions(taught).tobytes() == predictions(again).tobytes()
    distance = [np.abs(predictions(out) - said).mean() for out in (alone, taught, soft)]
    assert distance[1] < 0.8 * distance[0] and distance[2] < 0.8 * distance[0]
    assert (predictions(soft) != predictions(taught)).any()


def test_a_teacher_is_there_and_knows_all_training_rows(small, teacher, tmp_path):
    with pytest.raises(ConfigError, match="needs teacher=FILE"):
        started(small[0], "distillation=1")
    table = pq.read_table(teacher[0])
    pq.write_table(table.slice(3), tmp_path / "less.parquet")
    with pytest.raises(ConfigError, match="lacks 3 of the training rows"):
        started(small[0], "distillation=1", f"teacher={tmp_path / 'less.parquet'}")
    mixed = table.take(pa.array(np.random.default_rng(0).permutation(table.num_rows)))
    pq.write_table(mixed, tmp_path / "mixed.parquet")
    logits = [
        started(small[0], "distillation=1", f"teacher={path}").data.targets["teacher"]
        for path in (teacher[0], tmp_path / "mixed.parquet")
    ]
    assert torch.equal(*logits)


# ---- sets of tables ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", [(), ("gating=vector", "history=3", "model=deepfm")])
def test_sets_of_tables_are_trained_apart_and_say_their_mean(tiny, words):
    training = finished(tiny[0], "multi_embedding=2", "rows=0.5", *words)
    alone = started(tiny[0], "rows=0.5", *words)
    member = training.network.members[0]
    first, second = (each.table for each in member.inputs.sets)
    assert first.shape == second.shape == alone.network.members[0].inputs.table.shape
    fresh = started(tiny[0], "multi_embedding=2", "rows=0.5", *words).network.members[0]
    assert torch.equal(fresh.inputs.sets[0].table, alone.network.members[0].inputs.table)
    for trained_, new in ((first, fresh.inputs.sets[0].table), (second, fresh.inputs.sets[1].table)):
        assert (trained_ != new).any()
    assert not torch.allclose(first, second)
    training.network.eval()
    part = training.data.test
    said = [
        model(inputs(part.ids, part.numbers))
        for model, inputs in zip(member.model.models, member.inputs.sets, strict=True)
    ]
    whole = member.bias + (said[0] + said[1]) / 2 + member.linear(part.ids, part.numbers).sum(dim=(1, 2))
    assert torch.allclose(training.network(part.ids, part.numbers)[:, 0], whole, atol=1e-5)


# ---- two labels --------------------------------------------------------------------------------------------------------
KINDS = ["shared_bottom", "mmoe", "ple", "esmm"]


def learned(training, label):
    """NE of the second label on test rows, and both labels' probabilities there."""
    part = training.data.test
    training.network.eval()
    with torch.no_grad():
        logits = training.network(part.ids, part.numbers)
        p = tasks.second(training, logits)[0].exp()[:, 0].double().numpy()
    return metrics.normalized_entropy(label[part.row_id].astype(float), p), p, logits[:, 0].sigmoid().double().numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_both_labels_are_learned(bought, kind):
    words = ("second_label=bought", f"tasks={kind}", "epochs=6", "embedding_l2=0.001")
    training = finished(bought[0], *words)
    ne, p, clicked = learned(training, bought[1]["outcome_conversion"])
    assert ne < 0.97
    ctr = metrics.normalized_entropy(bought[1]["click"][training.data.test.row_id].astype(float), clicked)
    assert ctr < 0.97
    if kind == "esmm":
        assert (p <= clicked + 1e-7).all()
    again = finished(bought[0], *words)
    assert learned(again, bought[1]["outcome_conversion"])[1].tobytes() == p.tobytes()


def reached(kind, of):
    """Names of the dense weights that a loss reaches: of the click (0) or of the second label (1)."""
    path, training = of
    training = started(path, "second_label=bought", f"tasks={kind}", "experts=4")
    training.network.train()
    index = torch.arange(2000)
    batch = training.data.train.take(index)
    logits = loop.forward(training, batch)
    losses = (loop.loss_at(training, batch, logits), tasks.loss(training, index, batch, logits))
    found = []
    for each in losses:
        named = dict(training.network.members[0].model.named_parameters())
        given = torch.autograd.grad(each, list(named.values()), retain_graph=True, allow_unused=True)
        found.append({name for name, one in zip(named, given, strict=True) if one is not None and one.abs().sum() > 0})
    return found


def test_what_is_shared_is_reached_by_both_losses_and_what_is_not_is_not(bought):
    def some(names, start):
        return any(name.startswith(start) for name in names)

    click, other = reached("shared_bottom", bought)
    assert some(click, "part.bottom") and some(other, "part.bottom") and not some(other, "model.")
    click, other = reached("mmoe", bought)
    assert all(some(each, f"part.shared.{expert}") for each in (click, other) for expert in range(4))
    assert some(click, "part.gates.0") and not some(click, "part.gates.1") and not some(other, "part.gates.0")
    click, other = reached("ple", bought)
    assert some(click, "part.shared.1") and some(other, "part.shared.1") and not some(click, "part.shared.2")
    assert some(click, "part.own.0") and not some(other, "part.own.0")
    assert some(other, "part.own.1") and not some(click, "part.own.1")
    click, other = reached("esmm", bought)
    assert not some(click, "part.") and some(other, "part.") and some(other, "model.")  # the click's is a factor


def test_the_second_label_is_no_feature_and_is_not_looked_at_outside_training_rows(bought, trained, tmp_path):
    path, columns = bought
    words = ("second_label=bought", "tasks=mmoe")
    assert "bought" not in started(path, *words).data.fields
    assert "bought" in started(path).data.fields
    table = pq.read_table(path)
    wrong = np.where(columns["split"] == "train", columns["bought"], 1 - columns["bought"])
    place = table.column_names.index("bought")
    pq.write_table(table.set_column(place, "bought", pa.array(wrong)), tmp_path / "wrong.parquet")
    first, _ = trained(path, *words, name="first")
    second, _ = trained(tmp_path / "wrong.parquet", *words, name="second")
    assert predictions(first).tobytes() == predictions(second).tobytes()


def test_a_second_label_left_among_the_features_would_be_noticed(bought, monkeypatch):
    monkeypatch.setattr(tasks, "reads", lambda config: [])
    monkeypatch.setattr(tasks, "targets", lambda *_: {"second_label": np.zeros(1)})
    assert "bought" in started(bought[0], "second_label=bought").data.fields


def test_a_missing_second_label_says_nothing(bought, tmp_path):
    path, columns = bought
    label = columns["bought"].astype(object)
    label[::2] = None
    table = pq.read_table(path)
    place = table.column_names.index("bought")
    pq.write_table(table.set_column(place, "bought", pa.array(list(label), pa.int8())), tmp_path / "half.parquet")
    training = finished(tmp_path / "half.parquet", "second_label=bought", "rows=0.5")
    assert np.isfinite(learned(training, columns["outcome_conversion"])[1]).all()


def test_what_is_not_there_is_said(tiny, bought):
    with pytest.raises(ConfigError, match="no column 'sold'"):
        started(tiny[0], "second_label=sold")
    with pytest.raises(ConfigError, match="needs all rows in memory"):
        started(bought[0], "second_label=bought", "stream_rows=500")
