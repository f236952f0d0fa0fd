"""An approval binds bytes: one changed value is another digest, and of two people who approve at once one is told of the other."""

import threading
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from random import Random

import pytest

from rea.api import deciding
from rea.campaign.evolve import evolve
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import PlanApproved, PlanDrafted
from rea.domain.plan import Plan
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World, approval

ROUNDS, MUTATIONS = 12, 1000


@pytest.fixture(scope="module")
def waiting() -> World:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01}))
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return w


def mutated(value: object, dice: Random) -> object:
    """Return ``value`` with one thing in it changed, however deep."""
    if is_dataclass(value) and not isinstance(value, type):
        field = dice.choice(fields(value))
        return replace(value, **{field.name: mutated(getattr(value, field.name), dice)})
    if isinstance(value, tuple) and value:
        at = dice.randrange(len(value))
        return (*value[:at], mutated(value[at], dice), *value[at + 1 :])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        at = dice.randrange(len(value) + 1)
        return str.__str__(value[:at]) + "\u202e" + value[at:]
    return "x" if value is None else (*value, "x") if isinstance(value, tuple) else None


def runs_under_the_old_approval(c: Campaign, changed: Plan) -> bool:
    """Whether an approval of the plan in force lets a changed one run."""
    assert c.plan is not None
    approved = evolve(c, PlanApproved(approval=approval(c.plan.digest, c.plan.budget_ms)))
    return evolve(approved, PlanDrafted(plan=changed)).approved


def changes(plan: Plan) -> Iterator[Plan]:
    dice = Random(7)
    for _ in range(MUTATIONS):
        changed = mutated(plan, dice)
        assert isinstance(changed, Plan)
        if changed != plan:
            yield changed


def test_a_thousand_changed_plans_run_under_no_approval_of_the_first(waiting: World) -> None:
    c = waiting.state
    assert c.plan is not None
    tried = list(changes(c.plan))
    assert len(tried) > 0.95 * MUTATIONS
    assert [x for x in tried if runs_under_the_old_approval(c, x)] == []


def test_planted_bug_a_digest_of_the_budget_alone_lets_changes_through(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = waiting.state
    assert c.plan is not None
    monkeypatch.setattr(Plan, "digest", property(lambda plan: str(plan.budget_ms)))
    c.plan_digest = c.plan.digest
    assert any(runs_under_the_old_approval(c, x) for x in changes(c.plan))


def approve_at_once(waiting: World, place: Path) -> list[str]:
    """Have two people approve the same plan at the same moment, and return what each was told."""
    journals = [SqlJournal(Database(place)) for _ in range(2)]
    journals[0].append(CAMPAIGN, [r.event for r in waiting.journal.read(CAMPAIGN)])
    c, start = waiting.state, threading.Barrier(2)
    told = ["", ""]

    def decide(n: int) -> None:
        start.wait()
        try:
            told[n] = f"granted to {deciding.approve(journals[n], CAMPAIGN, c, c.plan_digest, f'p{n}').by}"
        except UsageError as refused:
            told[n] = refused.message

    people = [threading.Thread(target=decide, args=(n,)) for n in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    recorded = [r.event.approval.by for r in journals[0].read(CAMPAIGN) if isinstance(r.event, PlanApproved)]
    assert len(recorded) == 1
    return [word.replace(recorded[0], "FIRST") for word in sorted(told)]


def test_of_two_who_approve_at_once_one_is_told_of_the_other(waiting: World, tmp_path: Path) -> None:
    for n in range(ROUNDS):
        refused, granted = approve_at_once(waiting, tmp_path / f"{n}.db")
        assert refused.startswith("already approved by FIRST")
        assert granted == "granted to FIRST"


def test_planted_bug_who_does_not_look_is_told_a_grant_that_nobody_recorded(
    waiting: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "_decided_before", lambda *_: None)
    told = approve_at_once(waiting, tmp_path / "store.db")
    assert all(word.startswith("granted") for word in told)
