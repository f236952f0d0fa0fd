"""A campaign's decisions follow from its record: taken anew they are the same, and a planted difference is found."""

from dataclasses import replace

import pytest

from rea.campaign import replaying
from rea.campaign.replaying import Replay, replayed
from rea.domain import event as e
from rea.domain.event import Recorded
from rea.domain.ids import Digest
from rea.domain.job import JobState
from rea.domain.plan import Policy
from rea.executor.backends.simulated import Run
from rea.testing.portfolio import PortfolioWorld
from rea.testing.simulation import CAMPAIGN, Truth, World

TRUTH = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})
SHORT = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)


def world(**more: object) -> World:
    return World(truth=TRUTH, budget_s=2400.0, policy=SHORT, **more)  # type: ignore[arg-type]


def again(w: World, recorded: tuple[Recorded, ...] | None = None) -> Replay:
    events = tuple(w.journal.read(CAMPAIGN)) if recorded is None else recorded
    return replayed(events, w.ports, Digest("runbook"), lambda _: w.ports.sources)


@pytest.fixture(scope="module")
def ended() -> World:
    w = world()
    w.run()
    return w


def test_every_decision_of_a_whole_campaign_is_the_same(ended: World) -> None:
    length, launches = len(ended.journal.read(CAMPAIGN)), list(ended.backend.launches)
    found = again(ended)
    assert found.different == ()
    assert found.decisions > 30
    assert found.proposals >= 1
    assert (len(ended.journal.read(CAMPAIGN)), ended.backend.launches) == (length, launches)


def test_of_a_portfolios_members_too() -> None:
    w = PortfolioWorld(truths={"one": TRUTH, "two": TRUTH}, budget_s=4600.0, policy=SHORT, slots=2)
    w.run()
    for name, member in w.worlds.items():
        sources = member.ports.sources
        found = replayed(w.journal.read(name), member.ports, Digest("runbook"), lambda _, asked=sources: asked)  # type: ignore[misc]
        assert found.different == ()
        assert found.decisions > 30


def test_of_a_campaign_with_failures_and_a_stop_too() -> None:
    w = world(failing=lambda job: Run(seconds=5, state=JobState.FAILED) if job.change.value("b", 0.0) else None)
    w.run()
    w.journal.append(CAMPAIGN, (e.Stopped(by="ann", reason="enough", command="1"),))
    w.wake()
    found = again(w)
    assert found.different == ()
    assert found.decisions > 30


KINDS = (e.JobReserved, e.PlanDrafted, e.PhaseClosed, e.Calibrated, e.HypothesesProposed, e.Concluded)


def altered(event: e.Event) -> e.Event:
    match event:
        case e.JobReserved(job=job):
            return replace(event, job=replace(job, seed=job.seed + 1))
        case e.PlanDrafted(plan=plan):
            return replace(event, plan=replace(plan, budget_ms=plan.budget_ms + 1))
        case e.PhaseClosed(findings=(first, *rest)):
            return replace(event, findings=(replace(first, seeds=first.seeds + 1), *rest))
        case e.Calibrated(noise=noise):
            return replace(event, noise=replace(noise, baseline=noise.baseline + 1e-6))
        case e.HypothesesProposed(hypotheses=(first, *rest)):
            return replace(event, hypotheses=(replace(first, statement="another"), *rest))
        case e.Concluded(proposal=proposal):
            return replace(event, proposal=replace(proposal, reason="because"))
        case _:
            raise AssertionError(event)


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_difference_is_found_where_it_is(kind: type[e.Event], ended: World) -> None:
    recorded = list(ended.journal.read(CAMPAIGN))
    place = max(i for i, r in enumerate(recorded) if isinstance(r.event, kind) and getattr(r.event, "findings", True))
    recorded[place] = replace(recorded[place], event=altered(recorded[place].event))
    found = again(ended, tuple(recorded))
    assert found.different[0].seq <= recorded[place].seq
    assert found.different[0].seq >= recorded[place].seq - 6  # of one batch


def test_a_decision_by_other_code_is_found(ended: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.planner.draft.VALIDATION_SHARE", 0.05)
    assert again(ended).different


def test_what_is_neither_a_conclusion_nor_a_proposal_is_a_fact_or_a_persons() -> None:
    assert not replaying._concluded(e.Paused(reason="r", by="ann", command="1"))
    assert replaying._concluded(e.Paused(reason="r", by=e.AGENT, command="storm:3"))
    assert not replaying._concluded(e.Stopped(by="ann", reason="r", command="1"))
