import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from conftest import ROOT


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("learning_rat=0.1", "'learning_rate'"),
        ("epochs=two", "not a number"),
        ("epochs=1.5", "whole number"),
        ("dropout=3", "between 0 and 0.95"),
        ("optimizer=lion", "one of adam, adamw"),
        ("residual=maybe", "true or false"),
        ("learning_rate", "name=value"),
        ("field_drop=nothing", "no feature 'nothing'"),
        ("crosses=ad*nothing", "a*b"),
        ("label=nothing", "no column 'nothing'"),
    ],
)
def test_a_wrong_override_says_what_to_write(tiny, trained, capfd, word, expected):
    _, code = trained(tiny[0], word)
    assert code == 2 and expected in capfd.readouterr().err


def test_a_lever_that_needs_days_says_so_where_there_are_none(tiny, trained, tmp_path, capfd):
    view = tmp_path / "view.parquet"
    pq.write_table(pq.read_table(tiny[0]).drop_columns(["day"]), view)
    assert trained(view, "rows=0.2")[1] == 0
    assert trained(view, "recency_weighting=3")[1] == 2 and "needs a day column" in capfd.readouterr().err


def test_a_missing_view_and_a_missing_checkpoint(tiny, trained, tmp_path, capfd):
    assert trained(tmp_path / "none.parquet")[1] == 2 and "no such file" in capfd.readouterr().err
    assert trained(tiny[0], resume=tmp_path)[1] == 2 and "state.json" in capfd.readouterr().err


def test_a_checkpoint_of_another_configuration_or_seed_is_refused(tiny, trained, capfd):
    first, _ = trained(tiny[0], "stop_at=0.5", name="first")
    assert trained(tiny[0], "dropout=0.1", resume=first / "checkpoint")[1] == 2
    assert "another dropout" in capfd.readouterr().err
    assert trained(tiny[0], seed=2, resume=first / "checkpoint")[1] == 2
    assert "another seed" in capfd.readouterr().err


def test_a_loss_that_is_not_finite_stops_the_training_at_once(tiny, trained, capfd):
    out, code = trained(tiny[0], "learning_rate=1.0", "optimizer=sgd", "embedding_rate=100", "epochs=50")
    assert code == 3 and "loss is not finite at step" in capfd.readouterr().err
    assert not (out / "predictions.parquet").exists()


def test_the_command_line_in_a_process_of_its_own(tiny, tmp_path):
    words = [
        sys.executable,
        "-m",
        "ranker.train",
        "--data",
        str(tiny[0]),
        "--out",
        str(tmp_path),
        "--seed",
        "3",
        "rows=0.2",
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "predictions.parquet").exists() and (tmp_path / "checkpoint" / "state.json").exists()
