"""Where trainings break now and then, the leader is looked at under more seeds before the money for choosing is gone."""

from dataclasses import dataclass

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import change
from rea.domain.evidence import Rows
from rea.domain.experiment import Purpose
from rea.domain.job import Job
from rea.domain.plan import Policy
from rea.planner.arms import broken, measured
from rea.planner.barring import barred
from rea.planner.phases import confirmation, exploitation
from rea.planner.phases.exploitation import STEADIER, STEADY, full_arms
from rea.testing.simulation import Truth, World


@dataclass(slots=True, kw_only=True)
class Breaking(World):
    """A world in which every training with ``bad`` on ends at twenty times the loss."""

    bad: str = ""

    def score(self, job: Job, rows: Rows) -> float:
        found = World.score(self, job, rows)
        return 20 * found if any(name == self.bad and value for name, value in job.change.overrides) else found


def looks_at_the_leader(bad: str) -> int:
    """Return how many seeds selection gave to what it chose in the end."""
    truth = Truth(effects={"good": 0.02, "fine": 0.01, "off": -0.01}, seed_sd=0.001)
    world = Breaking(truth=truth, budget_s=9000.0, bad=bad)
    c: Campaign = world.run()
    leader = confirmation.finalists(c)[0]
    return len(measured(c, leader.experiment.id, Purpose.SELECT))


def test_a_leader_is_looked_at_again_where_something_broke() -> None:
    assert looks_at_the_leader("") < STEADIER <= looks_at_the_leader("off")


def test_planted_bug_nobody_looks_whether_trainings_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploitation, "broken", lambda c: frozenset())
    assert looks_at_the_leader("off") < STEADIER


def test_what_broke_is_neither_chosen_nor_begun_again() -> None:
    world = Breaking(truth=Truth(effects={"good": 0.02, "off": 0.3}, seed_sd=0.001), budget_s=9000.0, bad="off")
    c = world.run()
    assert broken(c) and not any("off" in dict(a.change.overrides) for a in full_arms(c))
    assert barred(c)(change(good=1.0, off=1.0)), "the stack with it would break, too"


def first_finalist(monkeypatch: pytest.MonkeyPatch, once: float, twice: float) -> int:
    """Return the runs of what is handed over of two arms, believed to be so much better after one good run and after two, where others broke."""
    world = Breaking(truth=Truth(effects={"good": 0.02, "off": 0.01}, seed_sd=0.001), budget_s=9000.0, bad="off")
    c = world.run()
    assert broken(c)
    arm = next(a for a in full_arms(c) if a.mean > 0)
    arms = [arm._replace(runs=runs, mean=mean) for runs, mean in ((1, once), (2, twice))]
    monkeypatch.setattr(confirmation, "full_arms", lambda _: arms)
    return confirmation.finalists(c)[0].runs


def test_where_trainings_break_one_good_run_must_be_better_by_what_it_may_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_finalist(monkeypatch, 0.021, 0.02) == 2
    assert first_finalist(monkeypatch, 0.2, 0.03) == 1, "however lucky it may be, breaking would have to be likely"


def test_planted_bugs_a_break_is_never_or_always_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "risk_adjusted", lambda c: lambda arm: arm.mean)
    assert first_finalist(monkeypatch, 0.021, 0.02) == 1
    monkeypatch.setattr(confirmation, "risk_adjusted", lambda c: lambda arm: float(arm.runs > 1))
    assert first_finalist(monkeypatch, 0.2, 0.03) == 2


def runs_of_what_is_handed_over() -> int:
    """Return its seeds in a campaign whose money ends while there is still something better to look for."""
    truth = Truth(effects={f"l{i}": (-1) ** i * 0.004 for i in range(24)}, seed_sd=0.01)
    world = World(truth=truth, budget_s=3000.0, policy=Policy(seed=0, calibration_seeds=4))
    return confirmation.finalists(world.run())[0].runs


def test_some_money_is_kept_to_look_again_at_what_is_handed_over() -> None:
    assert runs_of_what_is_handed_over() >= STEADY


def test_planted_bug_all_money_goes_into_finding_something_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploitation, "KEPT_RUNS", 0)
    assert runs_of_what_is_handed_over() < STEADY
