"""Every kind of predictions that no score may be computed from. Each check is also taken away, to see that its test sees it."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.logs import WORKLOAD, Campaign

from rea.domain.errors import JudgeRefused
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.experiment import Purpose
from rea.domain.ids import Digest, JobId, digest
from rea.domain.workload import MetricName
from rea.judge import accept, measure, suspicion
from rea.judge.accept import read_predictions
from rea.judge.predictions import fingerprint_of
from rea.judge.request import Question, Run

IDS = np.array([30, 10, 20, 50, 40])
GOOD = [0.1, 0.2, 0.3, 0.4, 0.5]


def parquet(path: Path, row_id: Any, prediction: Any) -> None:
    pq.write_table(pa.table({"row_id": pa.array(row_id), "prediction": pa.array(prediction)}), path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.parquet"


def test_the_datas_own_name_and_csv_are_taken(path: Path, tmp_path: Path) -> None:
    parquet(path, IDS, np.array(GOOD, dtype=np.float32))
    assert read_predictions(path, IDS, "") == pytest.approx(GOOD)
    table = pa.table({"impression": IDS, "prediction": GOOD, "more": GOOD})
    pq.write_table(table, path)
    assert read_predictions(path, IDS, "impression") == pytest.approx(GOOD)
    pv.write_csv(table, tmp_path / "p.csv")
    assert read_predictions(tmp_path / "p.csv", IDS, "impression") == pytest.approx(GOOD)
    words = np.array(["007", "7", "a", "b", "1e2"])
    pv.write_csv(pa.table({"row_id": words, "prediction": GOOD}), tmp_path / "w.csv")
    assert read_predictions(tmp_path / "w.csv", words, "id") == pytest.approx(GOOD)


def test_whole_numbers_may_be_written_as_text_and_the_other_way_round(path: Path) -> None:
    """A CSV view hands ids over as text; what a job makes of them is the same ids."""
    parquet(path, [str(i) for i in IDS], GOOD)
    assert read_predictions(path, IDS, "") == pytest.approx(GOOD)
    parquet(path, ["030", "10", "20", "50", "40"], GOOD)
    with pytest.raises(JudgeRefused, match="row ids are string"):
        read_predictions(path, IDS, "")


@pytest.mark.parametrize(
    ("row_id", "prediction", "said"),
    [
        (IDS[:4], GOOD[:4], "4 predictions for 5 rows"),
        ([*IDS, 60], [*GOOD, 0.6], "6 predictions for 5 rows"),
        ([30, 10, 20, 50, 99], GOOD, r"1 rows are not predicted .first 40., 1 unknown ones are .first 99."),
        ([30, 10, 20, 50, 50], GOOD, "row id 50 is predicted 2 times"),
        ([10, 30, 20, 50, 40], GOOD, "another order than the data's: place 0 holds 10, not 30"),
        ([30, 10, 20, 50, None], GOOD, "1 predictions have no row id"),
        (["a", "b", "c", "d", "e"], GOOD, "row ids are string"),
        (IDS, [0.1, float("nan"), 0.3, 0.4, 0.5], r"1 predictions are not finite .first nan at place 1"),
        (IDS, [0.1, None, 0.3, 0.4, 0.5], "1 predictions are not finite"),
        (IDS, [0.1, float("inf"), 0.3, 0.4, 0.5], "1 predictions are not finite"),
        (IDS, [0.1, 0.2, 0.3, 0.4, 1.1], "1 predictions are outside"),
        (IDS, [-0.1, 0.2, 0.3, 0.4, 0.5], "1 predictions are outside"),
        (IDS, [0.2, 0.2, 0.2, 0.2 + 1e-9, 0.2], "all 5 predictions are 0.2"),
        (IDS, ["a", "b", "c", "d", "e"], "cannot be read"),
    ],
)
def test_refusals(path: Path, row_id: object, prediction: object, said: str) -> None:
    parquet(path, row_id, prediction)
    with pytest.raises(JudgeRefused, match=said) as refused:
        read_predictions(path, IDS, "")
    assert refused.value.hint


def test_files_that_are_not_predictions(path: Path, tmp_path: Path) -> None:
    with pytest.raises(JudgeRefused, match="is missing"):
        read_predictions(path, IDS, "")
    parquet(path, IDS, GOOD)
    whole = path.read_bytes()
    for torn in (b"", b"PAR1", whole[: len(whole) // 2], whole[:-8], os.urandom(300)):
        path.write_bytes(torn)
        with pytest.raises(JudgeRefused, match=r"cannot be read|the columns are"):
            read_predictions(path, IDS, "")
    pq.write_table(pa.table({"id": IDS, "p": GOOD}), path)
    with pytest.raises(JudgeRefused, match="the columns are id, p; wanted are key and prediction"):
        read_predictions(path, IDS, "key")
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(JudgeRefused, match="not a file"):
            read_predictions(tmp_path / name, IDS, "")
    (tmp_path / "huge.csv").write_text("row_id,prediction\n" + "#" * 30_000)
    with pytest.raises(JudgeRefused, match="far too large"):
        read_predictions(tmp_path / "huge.csv", IDS, "")


@given(st.permutations(range(5)))
def test_only_the_views_order_is_taken(order: list[int]) -> None:
    wanted = list(range(5))
    if order != wanted:
        assert "another order" in accept._difference(np.array(order), np.array(wanted))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_fingerprint_survives_the_last_bits(values: list[float]) -> None:
    grid = np.round(np.array(values), 7)
    assert fingerprint_of(grid) == fingerprint_of(grid + 1e-9) and fingerprint_of(grid) == fingerprint_of(
        np.array(list(grid))
    )
    assert fingerprint_of(grid) != fingerprint_of(grid + 1e-6)


# --- what only the whole bench can see: other runs, labels, the oracle


class Hearing:
    """The bench in this process, so that a check can be taken away."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        question = Question(
            campaign=str(campaign.directory),
            predictions="predictions.parquet",
            claims="",
            row_id="impression",
            primary=MetricName.NE,
            guardrails=WORKLOAD.guardrails,
        )
        self.bench = measure.bench_of(question)

    def hear(self, job: JobId, change: str = "a") -> Measured | PredictionsRefused:
        seed, purpose = self.campaign.seeds[job], self.campaign.purposes[job]
        run = Run(job=job, seed=seed, change=Digest(digest(change)), purpose=purpose)
        return measure.measure(self.bench, run)

    def write(self, job: str, seed: int, prediction: np.ndarray[tuple[int], np.dtype[np.float64]]) -> JobId:
        return self.campaign.write(job, seed, self.bench.rows.row_id, prediction)

    def honest(self, job: str, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        name = self.campaign.run(job, seed)
        assert isinstance(self.hear(name), Measured)
        return pq.read_table(self.campaign.out(job) / "predictions.parquet")["prediction"].to_numpy()


@pytest.fixture
def hearing(campaign: Campaign) -> Hearing:
    return Hearing(campaign)


def suspected(found: Measured | PredictionsRefused, said: str) -> bool:
    return isinstance(found, PredictionsRefused) and found.suspicious and said in found.reason


COPIES: dict[
    str, Callable[[np.ndarray[tuple[int], np.dtype[np.float64]]], np.ndarray[tuple[int], np.dtype[np.float64]]]
] = {
    "equal": lambda p: p.copy(),
    "equal to seven places": lambda p: np.round(p, 8),
    "linear": lambda p: 0.2 + 0.5 * p,
    "of the same ranks": lambda p: p**1.3,
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_under_another_seed_wait_for_a_person(hearing: Hearing, how: str) -> None:
    copy = COPIES[how](hearing.honest("a", seed=1))
    assert suspected(hearing.hear(hearing.write("b", 2, copy), change="b"), "those of a though the seeds differ")


def test_without_the_copy_check_copies_pass(hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: this is what the test above stands against."""
    copy = hearing.honest("a", seed=1)
    monkeypatch.setattr(measure, "same", lambda first, second: False)
    assert isinstance(hearing.hear(hearing.write("b", 2, copy), change="b"), Measured)


def test_without_the_order_check_shuffled_rows_pass(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: comparing ids as sets scores predictions against other rows' labels."""
    parquet(path, IDS[::-1], GOOD)
    with pytest.raises(JudgeRefused, match="another order"):
        read_predictions(path, IDS, "")
    monkeypatch.setattr(np, "array_equal", lambda a, b: set(a.tolist()) == set(b.tolist()))
    assert read_predictions(path, IDS, "") == pytest.approx(GOOD)


def test_an_inert_lever_is_accepted_and_shows_in_the_fingerprint(hearing: Hearing) -> None:
    copy = hearing.honest("a", seed=1)
    again = hearing.hear(hearing.write("b", 1, copy), change="b")
    assert isinstance(again, Measured)
    first = hearing.hear(JobId("a"))
    assert isinstance(first, Measured) and again.fingerprint == first.fingerprint


def test_honest_runs_under_fresh_seeds_are_not_suspected(hearing: Hearing) -> None:
    for seed in range(8):
        hearing.honest(f"h{seed}", seed)


def test_a_copy_of_test_predictions_alone_is_seen(hearing: Hearing) -> None:
    campaign = hearing.campaign
    a = campaign.run("a", 1, Purpose.CONFIRM)
    b = campaign.run("b", 2, Purpose.CONFIRM)
    first, second = (pq.read_table(campaign.out(j) / "predictions.parquet").to_pydict() for j in (a, b))
    mixed = np.where(hearing.bench.is_test, first["prediction"], second["prediction"])
    assert isinstance(hearing.hear(a), Measured)
    assert suspected(hearing.hear(campaign.write("b", 2, first["row_id"], mixed, Purpose.CONFIRM)), "those of a")


@pytest.mark.parametrize("sureness", [0.501, 0.9, 0.9999, 1.0])
def test_predictions_that_are_the_labels(hearing: Hearing, sureness: float) -> None:
    label = hearing.bench.rows.label
    leaked = np.where(label == 1, sureness, 1 - sureness)
    assert suspected(hearing.hear(hearing.write("a", 1, leaked)), "as no model reaches")


def test_predictions_that_beat_the_oracle(hearing: Hearing) -> None:
    """A label leak under noise has no perfect AUC, but better losses than the best that can be known."""
    rows = hearing.bench.rows
    wrong = np.random.default_rng(0).random(len(rows)) < 0.05
    leaked = np.where((rows.label == 1) ^ wrong, 0.9, 0.1) + np.random.default_rng(1).uniform(-0.05, 0.05, len(rows))
    assert suspected(hearing.hear(hearing.write("a", 1, leaked)), "beat the best that is possible")
    assert suspicion.too_good(leaked, replace(rows, oracle=None)) is None


def test_the_oracle_itself_is_not_beyond_it(hearing: Hearing) -> None:
    oracle = hearing.bench.rows.oracle
    assert oracle is not None and suspicion.too_good(oracle, hearing.bench.rows) is None


def test_without_the_label_check_leaks_pass(hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug of the tests above."""
    monkeypatch.setattr(measure, "too_good", lambda prediction, rows: None)
    leaked = np.where(hearing.bench.rows.label == 1, 0.9, 0.1)
    assert isinstance(hearing.hear(hearing.write("a", 1, leaked)), Measured)


def test_a_selecting_run_may_not_predict_test_rows(hearing: Hearing) -> None:
    hearing.campaign.run("a", 1, Purpose.CONFIRM)
    hearing.campaign.purposes[JobId("a")] = Purpose.SELECT
    found = hearing.hear(JobId("a"))
    assert isinstance(found, PredictionsRefused) and not found.suspicious and "predictions for" in found.reason


@pytest.mark.parametrize("name", ["p.parquet", "p.csv"])
def test_a_file_cut_off_at_any_byte_is_refused(tmp_path: Path, name: str) -> None:
    table, whole = pa.table({"row_id": IDS, "prediction": [0.125, 0.25, 0.375, 0.5, 0.625]}), tmp_path / name
    (pq.write_table if name.endswith("parquet") else pv.write_csv)(table, whole)
    cut, taken = tmp_path / f"cut-{name}", []
    data = whole.read_bytes()
    for length in range(len(data)):
        cut.write_bytes(data[:length])
        try:
            taken.append(tuple(read_predictions(cut, IDS, "")))
        except JudgeRefused:
            continue
    assert taken == []


def test_planted_bug_without_looking_at_the_end_a_cut_number_is_another_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "_check_end", lambda file, name: None)
    (tmp_path / "p.csv").write_text(
        "row_id,prediction\n" + "".join(f"{i},{p}\n" for i, p in zip(IDS, GOOD, strict=True))[:-2]
    )
    assert read_predictions(tmp_path / "p.csv", IDS, "")[-1] == 0.0


def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for odd in (tmp_path / "pipe.csv", tmp_path / "folder.csv", tmp_path / "zero.csv", Path("/dev/zero")):
        with pytest.raises(JudgeRefused):
            read_predictions(odd, IDS, "")


def test_no_link_on_the_way_and_no_second_name(tmp_path: Path) -> None:
    """A job that puts a link in the place of its folder would hand in what lies elsewhere."""
    theirs, ours = tmp_path / "theirs" / "out", tmp_path / "ours"
    theirs.mkdir(parents=True)
    ours.mkdir()
    pq.write_table(pa.table({"row_id": IDS, "prediction": GOOD}), theirs / "p")
    (ours / "out").symlink_to(theirs)
    with pytest.raises(JudgeRefused, match="not a file"):
        read_predictions(ours / "out" / "p", IDS, "", ours)
    assert len(read_predictions(ours / "out" / "p", IDS, "")) == len(IDS), (
        "the planted bug: nobody looks above the file's own folder"
    )
    (ours / "out").unlink()
    (ours / "out").mkdir()
    os.link(theirs / "p", ours / "out" / "p")
    with pytest.raises(JudgeRefused, match="second name"):
        read_predictions(ours / "out" / "p", IDS, "", ours)
    (theirs / "p").unlink()
    assert len(read_predictions(ours / "out" / "p", IDS, "", ours)) == len(IDS)
