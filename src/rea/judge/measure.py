"""Measuring: a job's predictions become measurements on the judge rows, or are refused. No test label is read here."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rea.domain.errors import JudgeRefused
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Measurement, Rows
from rea.domain.experiment import Purpose
from rea.domain.workload import MetricName
from rea.judge.accept import read_predictions
from rea.judge.archive import Archive, Kept
from rea.judge.claims import read_claims
from rea.judge.metrics import score
from rea.judge.predictions import fingerprint_of
from rea.judge.request import Question, Run
from rea.judge.rows import Floats, Ids, Ints, Mask, SealedRows, load_arrays, load_rows
from rea.judge.slices import large_slices
from rea.judge.suspicion import same, too_good

_IN_SLICES = (MetricName.NE, MetricName.CALIBRATION)


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What measuring needs: the judge rows, and the ids of all rows to predict with whether each is a test row."""

    question: Question
    archive: Archive
    rows: SealedRows
    ids: Ids
    is_test: Mask


class _Suspicious(Exception):
    """Refused, and a person should look."""


def bench_of(question: Question) -> Bench:
    campaign = Path(question.campaign)
    order = load_arrays(campaign / "sealed" / "order.npz")
    rows = load_rows(campaign / "sealed" / "judge.npz")
    return Bench(question, Archive(campaign / "judged"), rows, order["row_id"], order["is_test"])


def measure(bench: Bench, run: Run) -> Measured | PredictionsRefused:
    """Judge one run. Asked again, it answers from what was accepted, whatever has become of the job's files."""
    kept = bench.archive.find(run.job)
    try:
        kept = kept or _accept(bench, run)
    except JudgeRefused as refusal:
        return PredictionsRefused(job=run.job, reason=f"{refusal.message}; {refusal.hint}")
    except _Suspicious as suspicion:
        return PredictionsRefused(job=run.job, reason=str(suspicion), suspicious=True)
    predictions = bench.archive.predictions(kept, Rows.JUDGE)
    assert predictions is not None
    return Measured(
        job=run.job,
        measurements=tuple(measurements(predictions, bench.rows)),
        fingerprint=kept.fingerprint,
        claims=kept.claims,
    )


def measurements(prediction: Floats, rows: SealedRows) -> Iterator[Measurement]:
    """Every metric that is defined on all rows; normalized entropy and calibration by slice value and by day."""
    everything = np.arange(len(rows))
    yield from _scores(tuple(MetricName), prediction, rows, (everything, ""))
    for name in rows.columns:
        for index, value in large_slices(rows, name):
            yield from _scores(_IN_SLICES, prediction, rows, (index, value))


def _scores(
    metrics: tuple[MetricName, ...], prediction: Floats, rows: SealedRows, where: tuple[Ints, str]
) -> Iterator[Measurement]:
    index, name = where
    group = None if rows.group is None else rows.group[index]
    for metric in metrics:
        found = score(metric, prediction[index], rows.label[index], group)
        if found is not None:
            yield Measurement(metric=metric, value=found.value, rows=len(index), slice=name)


def _accept(bench: Bench, run: Run) -> Kept:
    predictions = _aligned(bench, run)
    count = len(bench.rows)
    if reason := too_good(predictions[:count], bench.rows):
        raise _Suspicious(reason)
    if copied := _copied(bench, run, predictions):
        raise _Suspicious(
            f"the predictions are those of {copied} though the seeds differ: they were copied, or the training does not use its seed"
        )
    kept = Kept(
        job=run.job,
        seed=run.seed,
        change=run.change,
        fingerprint=fingerprint_of(predictions),
        judge_rows=count,
        claims=read_claims(_out(bench, run) / bench.question.claims) if bench.question.claims else (),
    )
    bench.archive.add(kept, predictions)
    return kept


def _aligned(bench: Bench, run: Run) -> Floats:
    """Read what a run predicted: judge rows, then test rows where its view held them."""
    path, name = _out(bench, run) / bench.question.predictions, bench.question.row_id
    place = _out(bench, run).parent  # ours: from here on down a job could have put a link
    if run.purpose is Purpose.SELECT:
        return read_predictions(path, bench.ids[~bench.is_test], name, place)
    predictions = read_predictions(path, bench.ids, name, place)
    return np.concatenate([predictions[~bench.is_test], predictions[bench.is_test]])


def _copied(bench: Bench, run: Run, predictions: Floats) -> str | None:
    """Return the job under another seed whose predictions these are. Under one seed, equality is an inert lever."""
    count = len(bench.rows)
    parts = ((Rows.JUDGE, predictions[:count]), (Rows.TEST, predictions[count:]))
    others = [kept for kept in bench.archive.all() if kept.seed != run.seed]
    alike = (
        kept.job for kept in others for rows, ours in parts if len(ours) and _is_copy(bench.archive, kept, rows, ours)
    )
    return next(alike, None)


def _is_copy(archive: Archive, kept: Kept, rows: Rows, ours: Floats) -> bool:
    """Whether ``ours`` are another run's; a copy shows in the first rows already, so most runs are not read whole."""
    glimpse = archive.glimpse(kept, rows)
    if not len(glimpse) or not same(ours[: len(glimpse)], glimpse):
        return False
    theirs = archive.predictions(kept, rows)
    return theirs is not None and same(ours, theirs)


def _out(bench: Bench, run: Run) -> Path:
    return Path(bench.question.campaign) / "jobs" / run.job / "out"
