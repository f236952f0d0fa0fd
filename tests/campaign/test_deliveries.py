"""Ends of jobs that are told late, often, never, or out of order, and a clock that jumps: what a campaign finds stays the same."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from rea.domain.campaign import Campaign
from rea.domain.event import JobEnded
from rea.domain.ids import JobId
from rea.domain.job import JobStatus
from rea.domain.plan import Policy
from rea.executor.contract.control import Control, Life
from rea.executor.contract.status import since
from rea.executor.perform import observe
from rea.ports import Ports
from rea.testing.simulation import CAMPAIGN, Truth, World

TWO_SLOTS = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1, slots=2)
YEAR_S = 365 * 86400.0


def world() -> World:
    return World(truth=Truth(effects={"a": 0.02, "b": 0.012}), budget_s=3600.0, policy=TWO_SLOTS)


def found(w: World) -> list[tuple[str, str, float]]:
    c = w.state
    return sorted(
        (str(c.experiments[f.experiment].change), f"{f.phase}:{f.verdict}", f.raw) for f in c.findings.values()
    )


def delivered(seed: int, looks: int = 3000) -> World:
    """Run a campaign that is woken 0 to 5 times for each end, and told again of ends it knows, in any order."""
    w, dice = world(), Random(seed)
    w.open()
    for _ in range(looks):
        for _ in range(dice.randint(0, 5)):
            w.wake()
            ends = [r.event for r in w.journal.read(CAMPAIGN) if isinstance(r.event, JobEnded)]
            again = dice.sample(ends, min(len(ends), 3))
            w.journal.append(CAMPAIGN, again)
        if w.state.ended:
            return w
        w.approve()
        if dice.random() < 0.7 or not w.pass_time():
            w.pass_time()
    raise AssertionError(w.state.paused)


@pytest.mark.parametrize("seed", range(4))
def test_told_up_to_five_times_in_any_order_or_never_it_ends_the_same(seed: int) -> None:
    clean = world()
    clean.run()
    w = delivered(seed)
    assert found(w) == found(clean)
    assert sorted(w.backend.launches) == sorted(clean.backend.launches)
    assert len(set(w.backend.launches)) == len(w.backend.launches)
    assert w.state.ledger.held == 0


def test_planted_bug_who_looks_only_at_what_just_ended_misses_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    right = observe

    def edge(c: Campaign, ports: Ports) -> Mapping[JobId, JobStatus]:
        told, now = right(c, ports), ports.now()
        fresh = now > last[0]
        last[0] = now
        just = next(iter(told), None)
        return {j: s for j, s in told.items() if not s.state.ended or (fresh and j == just)}

    last = [0.0]
    monkeypatch.setattr("rea.campaign.advance.observe", edge)
    with pytest.raises(AssertionError):
        delivered(0, 300)


class Jumping(World):
    """The agent's clock jumps at every look; the cluster's own does not."""

    jump_s = 0.0
    jumped = 0.0

    @property
    def ports(self) -> Ports:
        self.jumped += self.jump_s
        return replace(super().ports, now=lambda: self.clock + self.jumped)


@pytest.mark.parametrize("jump_s", [YEAR_S, -3600.0, -YEAR_S, 1.0])
def test_a_clock_that_jumps_changes_nothing_that_is_found(jump_s: float) -> None:
    clean = world()
    clean.run()
    w = Jumping(truth=clean.truth, budget_s=clean.budget_s, policy=TWO_SLOTS)
    w.jump_s = jump_s
    w.run()
    assert found(w) == found(clean)
    assert sorted(w.backend.launches) == sorted(clean.backend.launches)


@pytest.mark.parametrize("jump_s", [YEAR_S, -YEAR_S, -1.0, 0.0])
def test_no_duration_is_negative(jump_s: float) -> None:
    control = Control(life=Life.RUNNING, claimed=True, started=1_700_000_000.0)
    assert since(control, control.started + jump_s) == max(0.0, jump_s)
