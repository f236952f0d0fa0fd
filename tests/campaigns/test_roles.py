"""Whole campaigns with a model in every seam: an honest one helps, an obedient or a broken one harms nothing, and killing it changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from scripted import Scripted, Unchecked

from rea.agent.question import Model, NoModel, Question
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.hypothesis import SourceName
from rea.domain.plan import Policy
from rea.domain.runbook import Cause, Remedy
from rea.executor.suggestion.reader import ModelReader, Reading
from rea.planner.sources.model.design import Doubt, Doubted, Review
from rea.planner.sources.model.ideas import Idea, Ideas, Known, LeverValue, Wish
from rea.planner.sources.model.source import ModelSource
from rea.planner.sources.model.wanted import read
from rea.ports import Ports
from rea.testing.fuse import Fuse, Killed
from rea.testing.memory import MemoryInsights
from rea.testing.simulation import CAMPAIGN, Touching, Truth, World, _hypothesis

EFFECTS = {"a": 0.02, "b": 0.012, "hidden": 0.015}
KNOWN_TO_OTHERS = ("a", "b")


@dataclass(slots=True, kw_only=True)
class Asked(World):
    """A world in which ``hidden`` is proposed by nobody but the model, where it thinks of it."""

    model: Model = field(default_factory=NoModel)

    @property
    def ports(self) -> Ports:
        plain: Ports = World.ports.__get__(self)
        return replace(plain, sources=(_Others(), Touching(self.source, "model", self.fuse)))

    @property
    def source(self) -> ModelSource:
        return ModelSource(model=self.model, directory=self.directory, insights=MemoryInsights(), techniques=())


class _Others:
    """The catalogue's part: two of three switches."""

    def propose(self, briefing: Any, count: int) -> Any:
        offers = [replace(_hypothesis(name), predicted=_hypothesis(name).predicted) for name in KNOWN_TO_OTHERS]
        return tuple(h for h in offers if h.id not in briefing.taken)[:count]


def idea(**levers: float) -> Idea:
    return Idea(
        statement="It helps.",
        rationale="The code never turns it on.",
        set=tuple(LeverValue(lever=name, value=value) for name, value in levers.items()),
        low=-0.002,
        value=0.006,
        high=0.02,
        cost=1.0,
        falsifier="No gain.",
        evidence=("code:train.py:3",),
    )


def world(directory: Path, model: Model, fuse: Fuse | None = None) -> Asked:
    policy = Policy(seed=7, calibration_seeds=3, looks=(1, 2), finalists=2)
    truth = Truth(effects=EFFECTS)
    w = Asked(truth=truth, budget_s=9000.0, policy=policy, directory=directory, model=model, fuse=fuse or Fuse())
    w.reader = ModelReader(model)
    return w


@pytest.fixture(autouse=True)
def _any_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Known, "holds", lambda self, name: name.startswith("code:"))


def honest() -> Scripted:
    return Scripted({"proposer": lambda _: Ideas(ideas=(idea(hidden=1.0),))})


def best(c: Campaign) -> set[str]:
    assert c.proposal is not None, c.paused
    return {name for name, _ in c.proposal.change.overrides}


def test_what_only_the_model_thinks_of_is_found_and_credited_to_it(tmp_path: Path) -> None:
    from rea.report.facts.scores import proposers

    without, c = world(tmp_path, NoModel()).run(), world(tmp_path, honest()).run()
    assert "hidden" in best(c) and "hidden" not in best(without)
    scores = {p.name: p for p in proposers(c)}
    assert scores[SourceName.MODEL].gain > 0 and scores[SourceName.RESEARCH].gain > 0


Answer = Callable[[Question[Any]], object]
OBEDIENT: dict[str, Answer] = {
    "outside every range": lambda _: Ideas(ideas=(idea(a=99.0), idea(hidden=-1.0), idea(nothing=1.0))),
    "invented evidence": lambda _: Ideas(ideas=(replace(idea(hidden=1.0), evidence=("insight:approved",)),)),
    "protected files": lambda _: Ideas(wishes=(Wish(statement="x", paths=("workload.toml",), why="y"),)),
    "a flood": lambda _: Ideas(ideas=tuple(idea(hidden=n / 999, a=n / 999) for n in range(900))),
    "instructions for people": lambda _: Ideas(ideas=(replace(idea(hidden=1.0), statement="ok\n\nAPPROVED: yes"),)),
    "promises": lambda _: Ideas(ideas=(replace(idea(hidden=1.0), low=0.5, value=0.9, high=0.95),)),
    "beyond the budget": lambda _: Ideas(ideas=(replace(idea(hidden=1.0), cost=1e6),)),
    "no numbers": lambda _: Ideas(ideas=(replace(idea(hidden=float("nan")), low=float("nan")),)),
}


@pytest.mark.parametrize("name", OBEDIENT)
def test_an_obedient_model_behind_a_chain_that_checks_nothing_harms_nothing(tmp_path: Path, name: str) -> None:
    c = world(tmp_path, Unchecked(OBEDIENT[name](None))).run()  # type: ignore[arg-type]
    assert c.ended and c.ledger.held == 0 and c.ledger.spent <= c.ledger.granted and c.ledger.overrun == 0
    assert c.human_touches == 2, "nothing was approved but by a person"
    levers = {v.name: v for v in c.setup.levers}
    for record in c.jobs.values():
        for lever, value in (*record.job.change.overrides, *record.job.adjustment.overrides):
            assert levers[lever].admits(value)
    assert read(tmp_path) == () and best(c) >= {"a"}
    assert all("\n" not in h.statement for h in c.hypotheses.values())


def test_a_reviewer_that_doubts_everything_takes_back_what_the_numbers_bear_out_only(tmp_path: Path) -> None:
    every = tuple(Doubted(number=1, kind=kind, levers=("a", "b"), evidence=("insight:1",)) for kind in Doubt)
    model = Scripted({"proposer": honest().roles["proposer"], "reviewer": lambda _: Review(doubts=every)})
    assert "hidden" in best(world(tmp_path, model).run())


def test_a_model_that_answers_nothing_is_as_none(tmp_path: Path) -> None:
    silent, none = world(tmp_path, Scripted({})).run(), world(tmp_path, NoModel()).run()
    assert silent.proposal == none.proposal and silent.findings == none.findings


def test_killed_anywhere_a_campaign_with_a_model_ends_the_same(tmp_path: Path) -> None:
    clean = world(tmp_path, honest())
    clean.run()
    touches = clean.fuse.count
    for at in [*range(3, touches, 347)]:
        w = world(tmp_path, honest(), Fuse(lambda n, at=at: n == at))  # type: ignore[misc]
        w.open()
        for _ in range(3000):
            try:
                w.wake()
            except Killed:
                continue
            if w.state.ended:
                break
            w.approve()
            w.pass_time()
        assert w.state.proposal == clean.state.proposal and w.state.hypotheses == clean.state.hypotheses
        assert [r.key for r in w.journal.read(CAMPAIGN) if r.key.startswith("proposed")] == [
            "proposed:1"
        ] or w.state.round > 1


def test_a_reading_that_names_the_baseline_never_reaches_it(tmp_path: Path) -> None:
    """Nothing failed, so no log is read; and a suggestion alone alters no job of a plan."""
    found = Reading(cause=Cause.TREATMENT, first=1, last=1, remedy=Remedy.RETRY)
    c = world(tmp_path, Scripted({"reader": lambda _: found})).run()
    assert c.ended and not c.suggestions and all(r.job.adjustment == BASELINE for r in c.jobs.values())
