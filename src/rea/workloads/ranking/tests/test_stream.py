"""Rows that do not fit memory: the same encoding, every row once an epoch, the same bits for a seed, bounded memory."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import ROOT
from test_killed import same
from test_leaks import log
from test_training import predictions

from ranker import data, metrics
from ranker.config import parse


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    """A log with words, missing values and whole numbers that miss some, in groups of 100 rows."""
    columns = log(rows=1_500, seed=3)
    columns["shop"] = pa.array(columns["shop"], mask=np.arange(1_500) % 11 == 700 % 11)
    path = tmp_path_factory.mktemp("stream") / "log.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=100)
    return path


def epoch_of(part, epoch, batch=64):
    """All batches of an epoch, joined, as a loop takes them."""
    order = part.positions(epoch)
    parts = [part.take(order[start : start + batch]) for start in range(0, len(part), batch)]
    return [torch.cat(each).numpy() for each in zip(*parts, strict=True)]


def sorted_rows(ids, numbers, label, weight):
    rows = np.column_stack([ids, numbers.astype(np.float64), label, weight])
    return rows[np.lexsort(rows.T[::-1])]


ENCODINGS = [
    (),
    ("numeric_encoding=log", "min_frequency=3"),
    ("hash_size=9",),
    ("recency_weighting=3", "data_window=4"),
]


@pytest.mark.parametrize("words", ENCODINGS, ids=lambda each: " ".join(each))
def test_a_streamed_row_is_encoded_as_a_resident_one(view, words):
    resident, streamed = (data.load(view, parse([*words, each])) for each in ("stream_rows=0", "stream_rows=250"))
    for name in ("fields", "sizes", "numeric"):
        assert getattr(resident, name) == getattr(streamed, name)
    assert streamed.base_rate == pytest.approx(resident.base_rate)
    part = resident.train
    expected = sorted_rows(*(each.numpy() for each in (part.ids, part.numbers, part.label, part.weight)))
    assert np.abs(sorted_rows(*epoch_of(streamed.train, 0)) - expected).max() < 1e-5
    for name in ("valid", "test"):
        mine, theirs = getattr(streamed, name), getattr(resident, name)
        ids, numbers = (torch.cat(each) for each in zip(*mine.chunks(64), strict=True))
        assert (mine.row_id == theirs.row_id).all() and (mine.label == theirs.label).all()
        assert (ids == theirs.ids).all() and (numbers - theirs.numbers).abs().max() < 1e-5


def test_a_seed_is_an_order_and_every_epoch_another(view):
    config = parse(["stream_rows=250"])
    first, again, other = (data.load(view, config, seed).train for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(epoch_of(first, 1), epoch_of(again, 1), strict=True))
    assert all((a == b).all() for a, b in zip(epoch_of(first, 1, 64), epoch_of(again, 1, 7), strict=True))
    for ids in (epoch_of(other, 1)[0], epoch_of(first, 0)[0]):
        assert (ids != epoch_of(first, 1)[0]).any()


def test_groups_are_mixed_within_a_block_and_a_position_is_read_without_those_before(view):
    config = parse(["stream_rows=300"])
    train = data.load(view, config, 1).train
    whole = epoch_of(train, 0)
    index = train.positions(0)[500:564]
    again = data.load(view, config, 1).train.take(index)
    assert all((a[500:564] == b.numpy()).all() for a, b in zip(whole, again, strict=True))
    ordered = epoch_of(data.load(view, parse(["stream_rows=300", "data_order=time"]), 1).train, 0)
    assert (ordered[0] == data.load(view, parse([])).train.ids.numpy()).all() and (ordered[0] != whole[0]).any()


def test_a_streamed_training_learns_and_resumes_to_the_same_bits(small, trained, tmp_path):
    path = tmp_path / "small.parquet"
    pq.write_table(pq.read_table(small[0]), path, row_group_size=2_000)
    words = ("stream_rows=6000", "epochs=2", "checkpoint_every=7", "dropout=0.1")
    whole, code = trained(path, *words, name="whole")
    assert code == 0
    row_id, p = predictions(whole)
    assert metrics.normalized_entropy(small[1]["click"][row_id].astype(float), p) < 0.95
    half, _ = trained(path, *words, "stop_at=0.4", name="half")
    (trained.folder / "last").mkdir()
    (trained.folder / "last" / "metrics.jsonl").write_text((half / "metrics.jsonl").read_text())
    last, _ = trained(path, *words, resume=half / "checkpoint", name="last")
    assert same(whole, last)


@pytest.mark.parametrize("word", ["crosses=city*shop", "count_features=rate", "numeric_encoding=quantile"])
def test_what_needs_all_rows_says_so(view, trained, word, capfd):
    assert trained(view, word, "stream_rows=250")[1] == 2
    assert "stream_rows=0" in capfd.readouterr().err


MEASURE = """
import re, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from ranker import data
from ranker.config import parse
warm, view, rows = sys.argv[1:]
data.load(Path(warm), parse(["stream_rows=100"])).train.take(torch.arange(64))
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
before = peak()
train = data.load(Path(view), parse([f"stream_rows={rows}"])).train
order = train.positions(0)
for start in range(0, len(train), 4096):
    train.take(order[start : start + 4096])
print(peak() - before)
"""
BOUND = 48 << 20  # bytes; getrusage would not do, a process starts with the peak of the one it was forked from


def grown(view, large, rows):
    words = [sys.executable, "-c", MEASURE, str(view), str(large), str(rows)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc: not tested here")
def test_memory_is_bounded_by_the_block_and_not_by_the_file(view, tmp_path):
    rng, rows, path = np.random.default_rng(0), 700_000, tmp_path / "large.parquet"
    columns = {f"x{n}": rng.random(rows) for n in range(14)} | {"click": (rng.random(rows) < 0.2).astype(np.int8)}
    split = np.where(np.arange(rows) < rows - 1_000, "train", "test")
    pq.write_table(pa.table(columns | {"row_id": np.arange(rows), "split": split}), path, row_group_size=10_000)
    assert path.stat().st_size > BOUND
    assert 1 << 20 < grown(view, path, 20_000) < BOUND
    assert grown(view, path, rows) > BOUND, "the whole file at once would have to be seen"
