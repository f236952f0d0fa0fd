"""Where trainings break now and then, the leader is looked at under more seeds before the money for choosing is gone."""

from dataclasses import dataclass

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import change
from rea.domain.evidence import Rows
from rea.domain.experiment import Purpose
from rea.domain.job import Job
from rea.planner.arms import broken, measured
from rea.planner.barring import barred
from rea.planner.phases import exploitation
from rea.planner.phases.exploitation import STEADY, full_arms
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
    leader = next(a for a in full_arms(c) if a.mean > 0)
    return len(measured(c, leader.experiment.id, Purpose.SELECT))


def test_a_leader_is_looked_at_again_where_something_broke() -> None:
    assert looks_at_the_leader("") < STEADY <= looks_at_the_leader("off")


def test_planted_bug_nobody_looks_whether_trainings_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploitation, "broken", lambda c: frozenset())
    assert looks_at_the_leader("off") < STEADY


def test_what_broke_is_neither_chosen_nor_begun_again() -> None:
    world = Breaking(truth=Truth(effects={"good": 0.02, "off": 0.3}, seed_sd=0.001), budget_s=9000.0, bad="off")
    c = world.run()
    assert broken(c) and not any("off" in dict(a.change.overrides) for a in full_arms(c))
    assert barred(c)(change(good=1.0, off=1.0)), "the stack with it would break, too"
