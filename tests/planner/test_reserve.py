"""Where hypotheses share runs more are proposed than are screened, and claims that no noise lets anyone show are not proposed at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect, Hypothesis, SourceName, hypothesis_id
from rea.domain.plan import Policy
from rea.planner.cost import group_size, screened
from rea.ports import Briefing
from rea.testing.simulation import Truth, World

MANY = {f"idea{i:02d}": -0.01 for i in range(40)}


def short() -> World:
    """Forty poor ideas on money for eighty trainings."""
    return World(truth=Truth(effects=MANY), budget_s=4800.0, policy=Policy(seed=7, calibration_seeds=4))


def tried(c: Campaign, *phases: Phase) -> set[str]:
    """Return the hypotheses in changes that were run in these phases of the first round."""
    records = [r for phase in phases if (r := c.phase(1, phase)) is not None]
    return {h for r in records for e in r.experiments for h in c.experiments[e].hypotheses}


@pytest.fixture(scope="module")
def over() -> Campaign:
    return short().run()


def test_validation_screens_the_first_and_stacks_draw_on_the_rest(over: Campaign) -> None:
    assert group_size(over) > 1
    assert over.plan is not None and len(over.plan.hypotheses) > screened(over)
    first = {h.id for h in over.plan.hypotheses[: screened(over)]}
    assert tried(over, Phase.VALIDATION) <= first
    assert tried(over, Phase.COMBINATION) - first, "nothing of the reserve was ever tried"


def test_the_plan_says_how_many_are_in_reserve(over: Campaign) -> None:
    assert over.plan is not None
    combining = over.plan.phase(Phase.COMBINATION)
    more = len(over.plan.hypotheses) - screened(over)
    assert combining is not None and f"{more} more hypotheses are at hand" in combining.purpose


def test_planted_bug_without_a_reserve_poor_ideas_are_stacked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.planner.cost.RESERVE", 0.0)
    c = short().run()
    assert c.plan is not None
    assert not tried(c, Phase.COMBINATION) - {h.id for h in c.plan.hypotheses[: screened(c)]}


def test_where_each_is_tried_alone_none_is_in_reserve() -> None:
    w = World(truth=Truth(effects={f"idea{i}": 0.0 for i in range(6)}), budget_s=12_000.0)
    c = w.run()
    assert group_size(c) == 1 and c.plan is not None
    assert tried(c, Phase.VALIDATION) == {h.id for h in c.plan.hypotheses}


@dataclass(frozen=True)
class Thrifty:
    """Claims that one switch saves half of a training at equal quality."""

    source: SourceName

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        change = Change(overrides=(("idea00", 2.0),))
        return (
            Hypothesis(
                id=hypothesis_id(change),
                statement="half the training does",
                rationale="-",
                change=change,
                moves=(),
                source=self.source,
                predicted=Effect(value=0.0, low=-0.001, high=0.001),
                falsifier="worse by more than the margin",
                aim=Aim.EFFICIENCY,
                cost=0.5,
            ),
        )


@pytest.mark.parametrize(
    ("sd", "rows", "source", "proposed"),
    [
        (0.01, 0.0, SourceName.RESEARCH, False),
        (0.01, 0.0, SourceName.ENGINEER, True),
        (0.00002, 0.00001, SourceName.RESEARCH, True),
    ],
)
def test_a_claim_to_save_compute_needs_noise_below_the_margin(
    sd: float, rows: float, source: SourceName, proposed: bool
) -> None:
    truth = replace(Truth(effects={f"idea{i}": 0.0 for i in range(4)} | {"idea00": 0.0}), seed_sd=sd, row_sd=rows)
    w = World(truth=truth, budget_s=4800.0, minds=(Thrifty(source),))
    w.open()
    while w.state.plan is None:
        w.wake()
        w.clock = w.backend.next_end() or w.clock
    assert any(h.aim is Aim.EFFICIENCY for h in w.state.hypotheses.values()) == proposed
