"""Shapes of campaigns to kill, and bugs to plant in the agent: each takes one guard away, in the process that calls it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from sqlite3 import Connection
from types import ModuleType
from typing import Any

from rea.campaign import advance as loop
from rea.campaign import guard as door
from rea.domain.action import Decision, Submit
from rea.domain.campaign import Campaign
from rea.domain.event import Event, JobEnded, JobReserved, JobSubmitted, Notified
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus
from rea.domain.plan import Policy
from rea.executor import decide as execution
from rea.executor import perform as executor
from rea.executor.jobs import live
from rea.knowledge.runbook.load import load
from rea.planner import barring
from rea.planner import decide as planner
from rea.planner import perform as planning
from rea.planner.phases import validation
from rea.ports import Ports
from rea.store import chain, projections, sqlite, stream
from rea.testing.durable import Shape, lost_once

ONE_LOOK = Policy(seed=7, calibration_seeds=2, looks=(1,), finalists=1)
TWO_SLOTS = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1, slots=2)

SHORTEST, SHORT = "shortest", "short"
SHAPES: Mapping[str, Shape] = {
    "whole": Shape(),
    "two at once": Shape(policy=TWO_SLOTS, budget_s=3600.0),
    "tight": Shape(budget_s=1600.0),
    "nodes fail": Shape(failing=lost_once, runbook=load()),
    "scheduler away": Shape(away=0.3),
    "stopped": Shape(policy=TWO_SLOTS, budget_s=3600.0, stop_at=400.0),
    SHORT: Shape(effects=(("a", 0.02),), rungs=False, budget_s=1600.0, policy=ONE_LOOK),
    SHORTEST: Shape(effects=(("a", -0.05),), rungs=False, budget_s=1600.0, policy=ONE_LOOK),
}
LIKE = frozenset({"whole", "two at once", "tight", "nodes fail", SHORT, SHORTEST})
"""Whose course is settled, so that killed or not it has to end the same; the others depend on when somebody is away or stops."""


def swap(where: ModuleType, **parts: Any) -> None:
    """Put ``parts`` in the place of a module's own.

    Raises:
        AttributeError: one is not there, so that a bug planted into nothing is not taken for one that nobody sees.
    """
    for name, part in parts.items():
        getattr(where, name)
        setattr(where, name, part)


def no_look_up() -> None:
    def hasty(action: Submit, ports: Ports) -> tuple[Event, ...]:
        return (JobSubmitted(job=action.job.id, handle=ports.backend.submit(ports.workspace.launch(action.job))),)

    swap(executor, submit=hasty)


def no_budget_guard() -> None:
    """The store's CHECK is left: it has to refuse."""
    swap(door, affordable=lambda *_: True)


def no_budget_at_all() -> None:
    no_budget_guard()
    right = sqlite._journal_mode

    def unchecked(connection: Connection, wanted: str) -> None:
        right(connection, wanted)
        connection.execute("PRAGMA ignore_check_constraints = ON")

    swap(sqlite, _journal_mode=unchecked)


def intent_after_launch() -> None:
    right = loop._observed
    world: list[Ports] = []
    decide = loop.decide

    def observed(c: Campaign, ports: Ports) -> Any:
        world[:] = [ports]
        return right(c, ports)

    def launching(*args: Any) -> Decision:
        decision = decide(*args)
        for job in (event.job for event in decision.events if isinstance(event, JobReserved)):
            executor.submit(Submit(job=job), world[0])
        return decision

    swap(loop, _observed=observed, decide=launching)


def away_means_failed() -> None:
    right = loop.observe

    def pessimist(c: Campaign, ports: Ports) -> Mapping[JobId, JobStatus]:
        told = right(c, ports)
        return {j: replace(s, state=JobState.LOST) if s.state is JobState.UNKNOWN else s for j, s in told.items()}

    swap(loop, observe=pessimist)


def only_own_jobs_are_asked_about() -> None:
    right, own, submit = loop.observe, set[JobId](), executor.submit

    def remembered(action: Submit, ports: Ports) -> tuple[Event, ...]:
        own.add(action.job.id)
        return submit(action, ports)

    swap(executor, submit=remembered)
    swap(loop, observe=lambda c, ports: {j: s for j, s in right(c, ports).items() if j in own})


def costs_are_not_booked() -> None:
    right = execution.facts
    swap(
        execution, facts=lambda c, seen: tuple(replace(e, cost_ms=0) for e in right(c, seen) if isinstance(e, JobEnded))
    )


def holds_are_not_given_back() -> None:
    swap(projections, _book=lambda *_: None)


def keys_are_not_looked_up() -> None:
    swap(stream, unseen=lambda connection, name, drafts: list(drafts))


def nothing_is_chained() -> None:
    right = chain.link
    swap(chain, link=lambda name, previous, seq, at, entry: right(name, "", seq, at, entry))
    swap(chain, verified=lambda name, links, seq=0, previous="": iter(list(links)))
    swap(stream, _ends_at=lambda *_: None)


def work_before_the_approval() -> None:
    """The engineer is slow, and nobody waits: what calibration left over pays for a first look."""
    swap(door, permitted=lambda c, job: not (c.paused or c.stopped or c.ended))
    swap(door, affordable=lambda c, ledger, job: job.held_ms <= ledger.free)
    swap(planner, _ask=lambda c: planner._phases(c, None))  # type: ignore[arg-type]
    for spender in (validation, barring):  # what cannot be paid for is not even wanted
        swap(spender, free_ms=lambda c: c.budget_ms)


def a_pause_holds_nothing() -> None:
    """Neither decide nor the door look at it."""
    right = loop.decide

    def awake(c: Campaign, *args: Any) -> Decision:
        paused, c.paused = c.paused, ""
        try:
            return right(c, *args)
        finally:
            c.paused = paused

    swap(loop, decide=awake)


def nobody_is_told() -> None:
    swap(planning, tell=lambda action, ports: (Notified(kind=action.kind, subject=action.subject),))


def an_end_is_told_and_forgotten() -> None:
    """Judged, but in memory only: who dies before the next event forgets it."""
    right, told = execution.judging, set[JobId]()

    def once(c: Campaign) -> Sequence[Any]:
        wanted = right(c)
        fresh = tuple(replace(a, jobs=tuple(j for j in a.jobs if j not in told)) for a in wanted)
        told.update(j for j in live(c))
        return tuple(a for a in fresh if a.jobs)

    swap(execution, judging=once)


PLANTS: Mapping[str, tuple[str, Callable[[], None], str]] = {
    "no look-up before a launch": (SHORT, no_look_up, " began "),
    "the guard does not look at the budget": ("tight", no_budget_guard, "did not conclude"),
    "neither guard nor CHECK look at the budget": ("tight", no_budget_at_all, " granted"),
    "launched before the intent is recorded": (SHORT, intent_after_launch, "before its reservation"),
    "a scheduler that is away means failed": ("scheduler away", away_means_failed, "were booked"),
    "only what this process launched is asked about": ("two at once", only_own_jobs_are_asked_about, "never ended"),
    "costs are not booked": (SHORT, costs_are_not_booked, "were booked"),
    "holds are not given back": (SHORT, holds_are_not_given_back, "the ledger says"),
    "keys are not looked up before an append": (SHORT, keys_are_not_looked_up, "did not conclude"),
    "events are not chained": (SHORT, nothing_is_chained, "what its hash says"),
    "work before the approval": (SHORT, work_before_the_approval, "before the plan was approved"),
    "what was judged is remembered in memory only": (SHORT, an_end_is_told_and_forgotten, "never judged"),
}
"""Each with the shape of campaign in which it must show, and words of the checker that it has to be found by."""

_OF_ONE_PROCESS = (
    "no look-up before a launch",
    "launched before the intent is recorded",
    "a scheduler that is away means failed",
    "costs are not booked",
    "work before the approval",
)
IN_SEEDS: Mapping[str, tuple[Callable[[], None], str]] = {
    **{name: (PLANTS[name][1], PLANTS[name][2]) for name in _OF_ONE_PROCESS},
    "the guard does not look at the budget": (no_budget_guard, "OverBudget"),
    "a pause holds nothing": (a_pause_holds_nothing, "was reserved after Paused"),
    "nobody is told of a pause": (nobody_is_told, "nobody was told"),
}
"""What ``seeds.py`` has to name, and in which words: those bugs that show without a process that dies for real."""
