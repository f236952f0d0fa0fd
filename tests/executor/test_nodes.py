"""A node that fails jobs where others do not is set aside, said so, and let back on probation; no idea is blamed for it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.campaign.evolve import replay
from rea.domain.campaign import Campaign
from rea.domain.event import NodeExcluded, NodeReturned
from rea.domain.job import JobState, Launch
from rea.domain.plan import Policy
from rea.domain.records import NodeRecord
from rea.domain.runbook import Cause
from rea.executor import nodes
from rea.executor.backends.simulated import Run
from rea.executor.contract.directory import control_of
from rea.executor.contract.status import node_of
from rea.executor.nodes import FAILURES, avoided, step
from rea.knowledge.runbook.load import load
from rea.report.facts.failures import set_aside
from rea.testing.simulation import CAMPAIGN, Truth, World

LEMON, SLOTS = "n1", 2
NODES = (LEMON, "n2", "n3", "n4")
BROKEN = Run(seconds=5.0, state=JobState.LOST, reason="NODE_FAIL")


def on_the_lemon(launch: Launch, node: str) -> Run | None:
    """The lemon loses whatever comes its way, quickly: so it is free again first, and gets the next one too."""
    return BROKEN if node == LEMON else None


def world(names: tuple[str, ...] = NODES) -> World:
    policy = Policy(seed=7, calibration_seeds=4, looks=(1, 2), finalists=1, slots=SLOTS)
    truth = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01, "d": 0.001})
    w = World(truth=truth, budget_s=3600.0, policy=policy, runbook=load())
    w.backend.nodes, w.backend.on = names, on_the_lemon
    return w


def events(w: World, kind: type[NodeExcluded] | type[NodeReturned]) -> list[NodeExcluded | NodeReturned]:
    return [r.event for r in w.journal.read(CAMPAIGN) if isinstance(r.event, kind)]


def lost_on(c: Campaign, node: str) -> int:
    return sum(r.status is not None and r.status.node == node and r.failed for r in c.jobs.values())


def check_the_lemon_costs_no_idea(w: World) -> Campaign:
    c = w.run()
    assert c.ended, c.paused
    assert not [reason for reason in c.dropped.values() if "NODE_FAIL" in reason or "lost" in reason], c.dropped
    assert {r.treatment.cause for r in c.jobs.values() if r.treatment} == {Cause.INFRASTRUCTURE}
    assert lost_on(c, LEMON) <= FAILURES + SLOTS - 1
    return c


def test_a_lemon_is_set_aside_and_no_hypothesis_is_blamed() -> None:
    w = world()
    c = check_the_lemon_costs_no_idea(w)
    (told,) = events(w, NodeExcluded)
    assert isinstance(told, NodeExcluded)
    assert told.node == LEMON and "jobs failed" in told.reason and "elsewhere" in told.reason
    assert set_aside(c) == (f"{LEMON}: {told.reason}",)
    assert {node for node, record in c.nodes.items() if record.excluded} == {LEMON}
    again = [r.event for r in w.journal.read(CAMPAIGN)]
    assert replay([*again, *again]).nodes == c.nodes


def test_planted_bug_without_the_guard_the_lemon_is_sent_job_after_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "step", lambda c, now: ())
    with pytest.raises(AssertionError):
        check_the_lemon_costs_no_idea(world())


def test_planted_bug_a_backend_that_is_not_told_sends_them_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "avoided", lambda c: ())
    with pytest.raises(AssertionError):
        check_the_lemon_costs_no_idea(world())


def test_after_its_term_it_is_back_on_probation_and_one_failure_ends_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "TERM_S", 400.0)
    w = world()
    c = w.run()
    assert c.ended, c.paused
    out, back = events(w, NodeExcluded), events(w, NodeReturned)
    assert len(out) >= 2 and len(back) >= 1
    terms = [e.reason for e in out if isinstance(e, NodeExcluded)]
    assert "while on probation" in terms[1] and "1 of its latest" in terms[1]


def test_where_all_nodes_fail_none_is_to_blame() -> None:
    w = world()
    w.backend.on = lambda launch, node: BROKEN
    c = w.run()
    assert events(w, NodeExcluded) == []
    assert c.paused, "that is for the circuit breaker"


def test_the_only_node_is_never_set_aside() -> None:
    w = world((LEMON,))
    w.run()
    assert events(w, NodeExcluded) == []


outcomes = st.lists(st.booleans(), max_size=6).map(tuple)


@given(st.dictionaries(st.sampled_from(NODES), st.tuples(outcomes, st.sampled_from((0.0, 50.0))), max_size=4))
def test_at_most_half_of_the_nodes_are_ever_away(seen: dict[str, tuple[tuple[bool, ...], float]]) -> None:
    c = Campaign(nodes={n: NodeRecord(failed=f, until=u, excluded=int(u > 0)) for n, (f, u) in seen.items()})
    told = step(c, now=10.0)
    assert all(isinstance(e, NodeExcluded) for e in told)
    assert not told or 2 * (len(avoided(c)) + len(told)) <= len(c.nodes)
    assert all(isinstance(e, NodeReturned) for e in step(c, now=60.0)) or not avoided(c)


@pytest.mark.parametrize(("text", "node"), [("n1\n", "n1"), ("", ""), ("a b", ""), ("--x", ""), ("n1,n2", "")])
def test_what_is_no_name_of_a_node_is_not_passed_on(tmp_path: Path, text: str, node: str) -> None:
    assert node_of(tmp_path) == ""
    control_of(tmp_path).mkdir()
    (control_of(tmp_path) / "node").write_text(text)
    assert node_of(tmp_path) == node
