"""What every ``Judge`` must do. Subclass ``JudgeConformance`` in a test, give it a ``bench`` fixture, and run it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import pytest

from rea.domain.action import ArmPair
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Rows
from rea.domain.ids import ExperimentId, JobId
from rea.ports import Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A judge, and jobs that ended: two of an arm, two of its baseline, and one whose predictions must be refused, where that can be."""

    judge: Judge
    arm: tuple[JobId, JobId]
    baseline: tuple[JobId, JobId]
    refused: JobId | None = None

    @property
    def jobs(self) -> tuple[JobId, ...]:
        return (*self.arm, *self.baseline)

    def pair(self, arm: tuple[JobId, ...] | None = None) -> ArmPair:
        """Return the arm, or another one, against the baseline."""
        mine = self.arm if arm is None else arm
        return ArmPair(
            experiment=ExperimentId("e1"), jobs=mine, baseline=ExperimentId("e0"), baseline_jobs=self.baseline
        )


def of(found: Sequence[Comparison]) -> Comparison:
    """Return the one comparison."""
    (comparison,) = found
    return comparison


class JudgeConformance:
    """The laws of who measures. The fixture ``bench`` is a judge with jobs to judge."""

    def test_each_job_is_answered_in_the_order_asked(self, bench: Bench) -> None:
        for jobs in (bench.jobs, bench.jobs[::-1]):
            found = bench.judge.measure(jobs)
            assert tuple(each.job for each in found) == jobs
            assert all(isinstance(each, Measured) for each in found)
        assert tuple(bench.judge.measure([])) == ()

    def test_asked_again_it_says_the_same_whoever_is_asked_about_beside(self, bench: Bench) -> None:
        apart = tuple(each for job in bench.jobs for each in bench.judge.measure([job]))
        assert tuple(bench.judge.measure(bench.jobs)) == apart
        assert bench.judge.compare([bench.pair()], Rows.JUDGE, False) == bench.judge.compare(
            [bench.pair()], Rows.JUDGE, False
        )

    def test_measurements_are_numbers_over_rows(self, bench: Bench) -> None:
        for each in bench.judge.measure(bench.jobs):
            assert isinstance(each, Measured) and each.measurements
            assert all(isfinite(m.value) and m.rows > 0 for m in each.measurements)

    def test_what_is_refused_is_said_and_hides_no_other(self, bench: Bench) -> None:
        if bench.refused is None:
            pytest.skip("nothing can be refused here")
        before, bad, after = bench.judge.measure([bench.arm[0], bench.refused, bench.arm[1]])
        assert isinstance(bad, PredictionsRefused) and bad.job == bench.refused and bad.reason
        assert isinstance(before, Measured) and isinstance(after, Measured)

    def test_each_pair_is_compared_in_order_and_names_its_jobs(self, bench: Bench) -> None:
        pairs = [bench.pair(), bench.pair(bench.baseline)]
        found = bench.judge.compare(pairs, Rows.JUDGE, False)
        assert [(c.jobs, c.baseline_jobs) for c in found] == [(p.jobs, p.baseline_jobs) for p in pairs]
        assert all(c.rows is Rows.JUDGE and c.row_count > 0 and c.row_variance >= 0 for c in found)
        assert tuple(bench.judge.compare([], Rows.JUDGE, False)) == ()

    def test_an_arm_is_no_better_than_itself_and_better_is_positive(self, bench: Bench) -> None:
        same = of(bench.judge.compare([bench.pair(bench.baseline)], Rows.JUDGE, False))
        assert same.effect == pytest.approx(0.0, abs=1e-12)
        mine = of(bench.judge.compare([bench.pair()], Rows.JUDGE, False))
        assert mine.effect == pytest.approx((mine.baseline_value - mine.value) / mine.baseline_value)

    def test_the_bound_is_a_number_or_unknown(self, bench: Bench) -> None:
        bound = bench.judge.bound(Rows.JUDGE)
        assert bound is None or isfinite(bound)
        assert bench.judge.bound(Rows.JUDGE) == bound
