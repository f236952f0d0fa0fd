"""Confirmation: the effect a budget can detect is told before anything is spent, finalists are named by it, and what was held back buys seeds."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rea.app import runbook
from rea.domain.action import Compare, Decision
from rea.domain.campaign import Campaign, PhaseRecord, comparison_key
from rea.domain.change import BASELINE
from rea.domain.event import Calibrated, Compared, Event, Measured, Paused, PlanDrafted, Resumed, TestOpened
from rea.domain.evidence import Rows
from rea.domain.experiment import Phase, Purpose
from rea.domain.job import JobState
from rea.domain.plan import Policy
from rea.executor.backends.simulated import Run
from rea.planner.arms import field, pairs_due
from rea.planner.phases import confirmation
from rea.planner.phases.exploitation import full_arms
from rea.statistics.multiplicity import alpha_for_opening
from rea.statistics.power import detectable
from rea.testing.simulation import CAMPAIGN, Truth, World

TEN = {f"l{i}": 0.008 if i == 3 else 0.0 for i in range(10)}
NOISY = Truth(effects=TEN, seed_sd=0.004, row_sd=0.0007)


def world(truth: Truth = NOISY, seed: int = 1) -> World:
    return World(truth=truth, budget_s=40 * truth.run_s, rungs=False, policy=Policy(seed=seed))


def events(w: World) -> list[Event]:
    return [r.event for r in w.journal.read(CAMPAIGN)]


def confirming(c: Campaign) -> dict[str, int]:
    return {e: len([j for j in c.jobs_of(e) if j.job.purpose is Purpose.CONFIRM]) for e in c.experiments}


# ---- the effect that can be detected, before spending --------------------------------------------------------------------


def told_in_time(said: Sequence[Event]) -> bool:
    """Whether what can be detected stands before the plan, and the plan before anything that tries an idea."""
    kinds = [type(e) for e in said]
    plan = kinds.index(PlanDrafted)
    drafted = said[plan]
    assert isinstance(drafted, PlanDrafted)
    tried = [i for i, e in enumerate(said) if isinstance(e, Measured) and e.job.split(".")[0] not in _baseline(said)]
    return kinds.index(Calibrated) < plan < min(tried) and drafted.plan.detectable > 0


def _baseline(said: Sequence[Event]) -> set[str]:
    calibrated = [type(e) for e in said].index(Calibrated)
    return {e.job.split(".")[0] for e in said[:calibrated] if isinstance(e, Measured)}


def test_what_can_be_detected_is_told_before_an_idea_is_paid_for() -> None:
    w = world()
    w.run()
    said = events(w)
    assert told_in_time(said)
    drafted = next(i for i, e in enumerate(said) if isinstance(e, PlanDrafted))
    assert not told_in_time(
        [*said[:drafted], *said[drafted + 1 :], said[drafted]]
    )  # the planted bug: a plan that comes last


def test_it_is_told_at_the_error_that_the_first_opening_may_spend() -> None:
    w = world()
    c = w.run()
    sd, rows = c.calibrated.sd_of("full"), c.calibrated.row_sd
    told = c.calibrated.detectable
    least = detectable(sd, rows, 10, 10, alpha=alpha_for_opening(1, 0.05))
    assert told >= least
    assert told > detectable(sd, rows, 10, 10, alpha=0.05)


# ---- finalists -----------------------------------------------------------------------------------------------------------


def test_the_baseline_is_never_named_however_much_better_than_itself_its_noise_makes_it() -> None:
    c = world().run()
    baseline = c.experiment_of(BASELINE, "full")
    assert baseline is not None
    key = comparison_key(baseline.id, c.setup.primary, Rows.JUDGE)
    lucky = replace(c.comparisons[key], effect=0.1, seeds=(0.1, 0.1))
    noisy = replace(c, comparisons={**c.comparisons, key: lucky}, memo={})
    # the planted bug: it stands among them
    assert any(a.change == BASELINE and min(a.mean, a.raw) > 0 for a in field(noisy))
    assert all(a.change != BASELINE for a in [*full_arms(noisy), *confirmation.finalists(noisy)])


def test_a_second_finalist_is_named_only_where_it_does_not_hide_the_first() -> None:
    c = world().run()
    sound = [a for a in full_arms(c) if a.mean > 0][:2]
    clear, faint = ([a._replace(mean=mean, sd=0.001) for a in sound] for mean in (0.1, 0.002))
    early = replace(c, ledger=replace(c.ledger, spent=c.ledger.granted // 2))
    assert len(confirmation.named(early, clear)) == 2
    assert len(confirmation.named(early, faint)) == 1
    assert confirmation.named(early, []) == []


def test_what_was_itself_measured_worse_is_no_finalist_whatever_the_belief_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    c = world().run()
    first = next(a for a in full_arms(c) if a.mean > 0)
    arms = [first._replace(raw=raw, mean=0.01, p_positive=0.99) for raw in (-0.001, 0.001)]
    monkeypatch.setattr(confirmation, "full_arms", lambda _: arms)
    assert confirmation.finalists(c) == arms[1:]


# ---- more seeds from what was held back ----------------------------------------------------------------------------------


def test_money_that_was_held_back_buys_seeds_and_never_too_much() -> None:
    w = world()
    c = w.run()
    record = c.phase(1, Phase.CONFIRMATION)
    assert record is not None
    runs = confirming(c)
    counts = {runs[e] for e in record.experiments}
    assert len(counts) == 1, "every arm has as many"
    assert c.ledger.spent <= c.ledger.granted
    left = (c.ledger.granted - c.ledger.spent) / 1000
    assert counts == {10} or left < 190 + 2 * 1.15 * 66, "nothing is left that would have bought another seed for each"


def test_no_score_is_asked_before_all_seeds_are_in() -> None:
    """Whether another seed is added must not depend on what the test rows say: they are compared once, after the last run."""
    assert looks(world()) == 1


def test_planted_bug_a_look_before_the_last_seed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = confirmation._top_up

    def peeking(c: Campaign, record: PhaseRecord) -> Decision:
        due = pairs_due(c, record.experiments, Purpose.CONFIRM, Rows.TEST)
        peek = Decision(actions=(Compare(pairs=due, rows=Rows.TEST),)) if due else Decision()
        return peek or real(c, record)

    monkeypatch.setattr(confirmation, "_top_up", peeking)
    assert looks(world()) > 1


def looks(w: World) -> int:
    """Return how often test rows were compared; the opening has to stand before the first."""
    w.run()
    said = events(w)
    seen = [i for i, e in enumerate(said) if isinstance(e, Compared) and e.comparisons[0].rows is Rows.TEST]
    opened = [i for i, e in enumerate(said) if isinstance(e, TestOpened)]
    early = sum(i < opened[0] for i in seen)
    return len(seen) + early


# ---- calibration that failures have thinned ------------------------------------------------------------------------------


def test_a_calibration_of_one_run_is_made_up_for() -> None:
    """An engineer resumed it after each lost baseline; the judge cannot halve a single run, and one run has no noise."""
    w = world()
    w.runbook = runbook()[0]
    w.failing = lambda job: Run(seconds=5, state=JobState.LOST, reason="the node went away") if job.index < 3 else None
    w.open()
    for number in range(6):
        while w.state.noise is None and not w.state.paused:
            w.wake()
            if not w.pass_time():
                break
        w.journal.append(CAMPAIGN, (Resumed(by="test", command=f"resume:{number}"),))
    noise = w.state.noise
    assert noise is not None
    assert noise.degrees_of_freedom == 1
    assert sum(isinstance(e, Paused) for e in events(w)) == 3
