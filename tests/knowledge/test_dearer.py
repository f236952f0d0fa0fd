"""A patch that trains more than its lever says may be better, and is left to a person; a setting that does is flagged and goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import Change, Patch
from rea.domain.event import PatchAdmitted
from rea.domain.evidence import Flag
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect, Hypothesis, hypothesis_id
from rea.domain.ids import Digest
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.plan import Policy
from rea.domain.proposal import Outcome
from rea.domain.workload import Workload
from rea.knowledge import dearer
from rea.ports import Briefing, HypothesisSource
from rea.report.facts.launch import launch
from rea.testing.simulation import CAMPAIGN, Truth, World, _hypothesis, workload

PATCH = Patch(digest=Digest("d" * 64), paths=("train.py",), levers=("hidden",))
LEVER = Lever(name="hidden", type=LeverType.FLOAT, role=Role.OTHER, default=0.0, low=0.0, high=2.0)


@dataclass(slots=True, kw_only=True)
class Patched(World):
    """A world in which ``hidden`` is the lever of a patch."""

    @property
    def described(self) -> Workload:
        others = [name for name in self.truth.effects if name != "hidden"]
        return replace(workload(others, self.rungs), editable=("train.py",))

    def open(self) -> None:
        World.open(self)
        self.journal.append(
            CAMPAIGN, (PatchAdmitted(patch=PATCH, levers=(LEVER,), added=9, removed=0, checks=(), by="ann"),)
        )


@dataclass(frozen=True, slots=True)
class Proposing:
    """Proposes the switch, with its patch where there is one, and says what it costs."""

    patches: tuple[Patch, ...]
    cost: float

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        change = Change(overrides=(("hidden", 1.0),), patches=self.patches)
        made = replace(_hypothesis("hidden"), id=hypothesis_id(change), change=change, cost=self.cost)
        return () if made.id in briefing.taken else (made,)


@dataclass(slots=True, kw_only=True)
class Alone(Patched):
    """Nobody else proposes."""

    @property
    def ports(self):  # type: ignore[no-untyped-def]
        return replace(World.ports.__get__(self), sources=self.minds)


def ended(times: float, said: float, patched: bool = True) -> Campaign:
    """Run a campaign whose only good idea makes trainings so many times longer than the baseline's."""
    truth = Truth(effects={"hidden": 0.03, "b": 0.0}, times={"hidden": times})
    mind: HypothesisSource = Proposing((PATCH,) if patched else (), said)
    kind = Alone if patched else _Plain
    policy = Policy(seed=7, calibration_seeds=3, looks=(1, 2), finalists=1)
    return kind(truth=truth, budget_s=20_000.0, policy=policy, minds=(mind,), rungs=False).run()


@dataclass(slots=True, kw_only=True)
class _Plain(World):
    @property
    def ports(self):  # type: ignore[no-untyped-def]
        return replace(World.ports.__get__(self), sources=self.minds)


def outcome(c: Campaign) -> Outcome:
    assert c.proposal is not None, c.paused
    return c.proposal.outcome


def flagged(c: Campaign) -> list[bool]:
    return [
        Flag.DEARER in f.flags
        for f in c.findings.values()
        if dict(c.experiments[f.experiment].change.overrides).get("hidden")
    ]


def test_a_patch_that_trains_far_longer_than_was_said_is_left_to_a_person() -> None:
    c = ended(times=2.5, said=1.0)
    assert outcome(c) is Outcome.NEEDS_A_PERSON and flagged(c) and all(flagged(c))
    said = launch(c).sentence
    assert "times as long as the baseline, 1 was said" in said


def test_planted_bug_without_the_rule_it_is_a_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dearer, "SLACK", 1e9)
    assert outcome(ended(times=2.5, said=1.0)) is Outcome.WINNER


def test_the_same_patch_is_a_winner_where_its_cost_was_said() -> None:
    c = ended(times=2.5, said=2.5)
    assert outcome(c) is Outcome.WINNER and not any(flagged(c))


def test_three_times_what_was_said_is_stopped_and_what_was_said_is_not() -> None:
    assert outcome(ended(times=5.0, said=5.0)) is Outcome.WINNER
    assert outcome(ended(times=5.0, said=1.0)) is Outcome.NO_WINNER, "its time limit follows from what was said"


@pytest.mark.parametrize("times", [1.0, 1.1])
def test_a_patch_that_costs_about_what_was_said_is_a_winner(times: float) -> None:
    assert outcome(ended(times=times, said=1.0)) is Outcome.WINNER


def test_a_setting_that_costs_more_than_was_guessed_is_flagged_and_wins() -> None:
    c = ended(times=2.5, said=1.0, patched=False)
    assert outcome(c) is Outcome.WINNER and any(flagged(c))


def test_what_the_search_makes_of_a_dear_patch_is_dear_too() -> None:
    c = ended(times=2.5, said=1.0)
    refined = [f for f in c.findings.values() if not f.hypotheses and c.experiments[f.experiment].change.patches]
    assert refined and all(Flag.DEARER in f.flags for f in refined)


def test_a_patch_that_is_not_shown_to_cost_what_was_said_is_left_to_a_person() -> None:
    """Between what is surely more and what is surely less: a patch has to show it, a setting has not."""
    c = ended(times=1.4, said=1.0)
    assert outcome(c) is Outcome.NEEDS_A_PERSON
    assert Flag.COST_NOT_SHOWN in next(f for f in c.findings.values() if f.phase is Phase.CONFIRMATION).flags
    assert outcome(ended(times=1.4, said=1.0, patched=False)) is Outcome.WINNER


@pytest.mark.parametrize(
    ("low", "said", "found"), [(0.6, 1.0, True), (0.4, 1.0, False), (4.0, 5.0, False), (0.6, 0.3, True)]
)
def test_only_what_is_surely_beyond_the_slack_counts(low: float, said: float, found: bool) -> None:
    assert dearer.beyond(Effect(value=low + 1, low=low, high=low + 2), said) is found
    assert not dearer.beyond(None, said) and not dearer.within(None, said)
    assert not (dearer.within(Effect(value=low + 1, low=low, high=low + 2), said) and found)
