"""Effects of seed-averaged metrics, and the part of their variance that comes from rows."""

from collections.abc import Callable

import numpy as np
import pytest

from rea.domain.action import ArmPair
from rea.domain.evidence import Comparison, Rows
from rea.domain.ids import Digest, ExperimentId, JobId
from rea.domain.workload import MetricName
from rea.judge.archive import Archive, Kept
from rea.judge.compare import Arm, compare, contrast
from rea.judge.metrics import Score, score, variance_of_mean
from rea.judge.predictions import fingerprint_of
from rea.judge.request import Comparing, Question
from rea.judge.rows import Floats, Ints, SealedRows, save_rows

ROWS = 2000
BASE, ARM = (JobId("b0"), JobId("b1"), JobId("b2")), (JobId("c0"), JobId("c1"))


def drawn(seed: int = 4) -> tuple[SealedRows, dict[JobId, Floats]]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 80, ROWS)
    logit = -0.5 + rng.normal(size=80)[group] + rng.normal(size=ROWS)
    label = (rng.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    noise = {job: 0.9 if job in BASE else 0.6 for job in (*BASE, *ARM)}
    runs = {job: 1 / (1 + np.exp(-0.3 - logit - sd * rng.normal(size=ROWS))) for job, sd in noise.items()}
    return SealedRows(row_id=np.arange(ROWS), label=label, group=group), runs


def arm_of(metric: MetricName, rows: SealedRows, runs: list[Floats], index: Ints) -> Arm:
    group = None if rows.group is None else rows.group[index]
    scores = [score(metric, run[index], rows.label[index], group) for run in runs]
    known = [s for s in scores if s is not None]
    return Arm(tuple(s.value for s in known), np.mean([s.contribution for s in known], axis=0))


@pytest.mark.parametrize("metric", list(MetricName))
def test_row_variance_of_an_effect_is_the_cluster_bootstraps(metric: MetricName) -> None:
    """The same effect, from data in which whole groups were drawn again: runs held fixed, rows redrawn."""
    rows, runs = drawn()
    assert rows.group is not None
    members = [np.flatnonzero(rows.group == g) for g in range(80)]

    def effect(index: Ints) -> tuple[float, Floats]:
        base, arm = (arm_of(metric, rows, [runs[j] for j in jobs], index) for jobs in (BASE, ARM))
        return contrast(metric, base, arm)

    rng = np.random.default_rng(9)
    again = [effect(np.concatenate([members[g] for g in rng.integers(0, 80, 80)]))[0] for _ in range(300)]
    value, contribution = effect(np.arange(ROWS))
    assert contribution.mean() == pytest.approx(0, abs=1e-9)
    assert variance_of_mean(contribution, rows.group) == pytest.approx(np.var(again, ddof=1), rel=0.35)
    assert abs(np.mean(again) - value) < 0.5 * np.std(again)


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Question]:
    """Seal rows and keep runs' predictions, as measuring would have."""

    def make(metric: MetricName) -> Question:
        campaign = tmp_path_factory.mktemp("campaign")
        rows, runs = drawn()
        (campaign / "sealed").mkdir()
        save_rows(campaign / "sealed" / "judge.npz", rows)
        for job, values in runs.items():
            note = Kept(job=job, seed=1, change=Digest(""), fingerprint=fingerprint_of(values), judge_rows=ROWS)
            Archive(campaign / "judged").add(note, values)
        return Question(campaign=str(campaign), predictions="p", claims="", row_id="", primary=metric)

    return make


def ask(question: Question, arm: tuple[JobId, ...] = ARM, baseline: tuple[JobId, ...] = BASE) -> ArmPair:
    return ArmPair(experiment=ExperimentId("e1"), jobs=arm, baseline=ExperimentId("e0"), baseline_jobs=baseline)


@pytest.mark.parametrize("metric", [MetricName.NE, MetricName.LOG_LOSS, MetricName.AUC, MetricName.GAUC])
def test_effects_are_relative_improvements_of_seed_means(metric: MetricName, kept: Callable[..., Question]) -> None:
    question = kept(metric)
    (found,) = compare(question, Comparing(pairs=(ask(question),), rows=Rows.JUDGE, guardrails=False))
    rows, runs = drawn()
    values = {j: s.value for j in runs if (s := score(metric, runs[j], rows.label, rows.group)) is not None}
    base, arm = np.mean([values[j] for j in BASE]), np.mean([values[j] for j in ARM])
    wanted = (arm - base) / (base - 0.5) if metric.larger_is_better else (base - arm) / base
    assert found.effect == pytest.approx(wanted) and found.effect > 0
    assert np.mean(found.seeds) == pytest.approx(wanted) and len(found.seeds) == 2
    assert np.mean(found.baseline_seeds) == pytest.approx(0, abs=1e-12) and len(found.baseline_seeds) == 3
    assert found.value == pytest.approx(arm) and found.baseline_value == pytest.approx(base)


def test_calibrations_effect_is_the_lessened_distance_from_one(kept: Callable[..., Question]) -> None:
    question = kept(MetricName.CALIBRATION)
    (found,) = compare(question, Comparing(pairs=(ask(question),), rows=Rows.JUDGE, guardrails=False))
    assert found.effect == pytest.approx(abs(np.log(found.baseline_value)) - abs(np.log(found.value)))


def test_an_arm_against_itself_is_exactly_nothing(kept: Callable[..., Question]) -> None:
    question = kept(MetricName.NE)
    (found,) = compare(question, Comparing(pairs=(ask(question, BASE),), rows=Rows.JUDGE, guardrails=False))
    assert (found.effect, found.row_variance) == (0.0, 0.0) and found.value_variance > 0


def test_ne_and_log_loss_have_one_effect_and_one_variance(kept: Callable[..., Question]) -> None:
    """The entropy of the base rate is shared by both arms, so it cancels, in the variance too."""
    found: list[Comparison] = []
    for metric in (MetricName.NE, MetricName.LOG_LOSS):
        question = kept(metric)
        found += compare(question, Comparing(pairs=(ask(question),), rows=Rows.JUDGE, guardrails=False))
    ne, loss = found
    assert ne.effect == pytest.approx(loss.effect) and ne.row_variance == pytest.approx(loss.row_variance)


def test_a_baseline_that_knows_nothing_has_finite_effects_of_the_right_sign() -> None:
    contribution = np.zeros(4)
    for base in (0.5, 0.45):
        worse, better = (
            contrast(MetricName.AUC, Arm((base,), contribution + base), Arm((v,), contribution + v)) for v in (0.4, 0.6)
        )
        assert worse[0] < 0 < better[0] and np.isfinite(better[1]).all()
    silent = contrast(MetricName.CALIBRATION, Arm((0.0,), contribution), Arm((1.0,), contribution + 1))
    assert silent[0] > 0 and np.isfinite(silent[1]).all()


def moved(metric: MetricName, scored: Callable[..., Score | None] = score) -> float:
    """Return by how much a metric improves when probabilities that are too bold are only rescaled, which leaves their order."""
    rows, _ = drawn()
    dice = np.random.default_rng(5)
    honest = np.clip(0.5 * rows.label + 0.25 + 0.2 * dice.standard_normal(len(rows.label)), 0.02, 0.98)
    bold = 1 / (1 + ((1 - honest) / honest) ** 3)
    before, after = (scored(metric, p, rows.label, rows.group) for p in (bold, honest))
    assert before is not None
    assert after is not None
    sides = [Arm((s.value,), s.contribution) for s in (before, after)]
    return contrast(metric, *sides)[0]


def test_recalibration_is_a_lever_of_its_own_that_moves_entropy_and_no_order() -> None:
    assert moved(MetricName.AUC) == moved(MetricName.GAUC) == 0.0
    assert abs(moved(MetricName.NE)) > 0.01
    assert abs(moved(MetricName.CALIBRATION)) > 0.001


def test_planted_bug_an_auc_that_is_judged_by_its_entropy_is_seen() -> None:
    assert moved(MetricName.AUC, lambda _, *given: score(MetricName.NE, *given)) != 0.0
