"""A campaign again, from what is recorded: every decision is taken anew and compared; nothing is done, asked or spent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import takewhile

from rea.campaign.decide import decide
from rea.campaign.evolve import apply
from rea.campaign.perform import perform
from rea.domain import event as e
from rea.domain.action import Observed, Propose, ReadLog
from rea.domain.campaign import Campaign
from rea.domain.ids import Digest
from rea.domain.job import JobState, JobStatus
from rea.executor.jobs import live
from rea.ports import HypothesisSource, LogReader, Ports

STOP_FILE = "STOP file"
# what decide concludes; all else happened, was observed, or was done by a person
CONCLUSIONS = (
    e.PlanDrafted
    | e.JobReserved
    | e.JobEnded
    | e.JobTreated
    | e.RunStopped
    | e.DiagnosisOpened
    | e.ProbeAdded
    | e.Diagnosed
    | e.Calibrated
    | e.PhaseOpened
    | e.ReplicatesAdded
    | e.ExperimentDropped
    | e.ReplicateCut
    | e.PhaseEnded
    | e.PhaseClosed
    | e.TestOpened
    | e.Paused
    | e.Stopped
    | e.Concluded
)
Sources = Callable[[str], Iterable[HypothesisSource]]
Reader = Callable[[], LogReader | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is recorded from event ``seq`` on, and what would be decided there now, by their keys; ``where`` they differ first."""

    seq: int
    recorded: tuple[str, ...]
    decided: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it: ``decisions`` were taken anew, ``proposals`` of them by asking the sources."""

    decisions: int
    proposals: int
    different: tuple[Difference, ...]


def replayed(
    recorded: Sequence[e.Recorded], ports: Ports, runbook: Digest, sources: Sources, reader: Reader = lambda: None
) -> Replay:
    """Take every decision of a journal anew. ``sources`` gives those that were asked at a time (ISO 8601), with nobody behind them.

    ``reader`` gives a reader of logs likewise; without one, what a reader said is taken as it was recorded.
    """
    run = _Run(recorded, ports, runbook, sources, reader)
    while run.at < len(recorded):
        run.step()
    return Replay(decisions=run.decisions, proposals=run.proposals, different=tuple(run.different))


@dataclass(slots=True)
class _Run:
    recorded: Sequence[e.Recorded]
    ports: Ports
    runbook: Digest
    sources: Sources
    reader: Reader
    state: Campaign = field(default_factory=Campaign)
    seen: set[str] = field(default_factory=set)
    at: int = 0
    decisions: int = 0
    proposals: int = 0
    different: list[Difference] = field(default_factory=list)

    def step(self) -> None:
        event = self.recorded[self.at].event
        if isinstance(event, e.HypothesesProposed):
            self.proposals += 1
            self._compare((event,), self._proposed(event))
        elif isinstance(event, e.CauseSuggested) and (reader := self.reader()) is not None:
            self._compare((_told(event),), tuple(map(_told, self._read(event, reader))))
        elif _concluded(event):
            wanted = self._decided()
            found = tuple(r.event for r in self.recorded[self.at : self.at + max(1, len(wanted))])
            self._compare(found, wanted)
        else:
            self._go_on(1)

    def _compare(self, found: tuple[e.Event, ...], wanted: tuple[e.Event, ...]) -> None:
        self.decisions += 1
        same = sorted(found, key=_key) == sorted(wanted, key=_key)
        if not same:
            keys = tuple(map(_key, found)), tuple(map(_key, wanted))
            where = first_difference(sorted(found, key=_key), sorted(wanted, key=_key))
            seq = self.recorded[self.at].seq
            self.different.append(Difference(seq=seq, recorded=keys[0], decided=keys[1], where=where))
        self._go_on(len(found) if same else 1)

    def _go_on(self, count: int) -> None:
        for recorded in self.recorded[self.at : self.at + count]:
            apply(self.state, recorded.event)
            self.seen.add(recorded.key)
        self.at += count

    def _decided(self) -> tuple[e.Event, ...]:
        wanted = decide(self.state, self._observed(), self.ports.runbook, self.runbook).events
        return tuple(event for event in wanted if event.key not in self.seen)

    def _observed(self) -> Observed:
        """Return what was true when the next events were decided, as they tell it."""
        ended = []
        for recorded in self.recorded[self.at :]:
            if not isinstance(recorded.event, e.JobEnded):
                break
            ended.append(recorded.event)
        running = {
            r.event.job: _running(r.event) for r in self.recorded[self.at :] if isinstance(r.event, e.RunStopped)
        }
        opened = next((r.event for r in self.recorded[self.at :] if isinstance(r.event, e.TestOpened)), None)
        event = self.recorded[self.at].event
        return Observed(
            now=0.0,
            jobs=(running if isinstance(self.recorded[self.at].event, e.RunStopped) else {})
            | {end.job: end.status for end in ended},
            stop_file=isinstance(event, e.Stopped) and event.by == STOP_FILE,
            openings=opened.opening.number - 1 if opened else 0,
            elsewhere=self._elsewhere(),
        )

    def _read(self, event: e.CauseSuggested, reader: LogReader) -> tuple[e.Event, ...]:
        return perform(ReadLog(job=event.suggestion.job), self.state, replace(self.ports, reader=reader))

    def _elsewhere(self) -> int:
        """Return how many slots others of the portfolio held: all but what was reserved."""
        if not self.state.portfolio:
            return 0
        # the guard makes a cut or a pause of a reservation that cannot be paid: it had a slot
        tried = e.JobReserved | e.ReplicateCut | e.Paused
        reserved = takewhile(lambda r: isinstance(r.event, tried), self.recorded[self.at :])
        return max(0, self.state.policy.slots - len(live(self.state)) - sum(1 for _ in reserved))

    def _proposed(self, event: e.HypothesesProposed) -> tuple[e.Event, ...]:
        actions = decide(self.state, Observed(now=0.0), self.ports.runbook, self.runbook).actions
        action = next((a for a in actions if isinstance(a, Propose) and a.round == event.round), None)
        if action is None:
            return ()
        return perform(action, self.state, replace(self.ports, sources=self.sources(self.recorded[self.at].at)))


def _running(event: e.RunStopped) -> JobStatus:
    return JobStatus(state=JobState.RUNNING, curve=event.curve)


def first_difference(old: object, new: object, path: str = "") -> str:
    """Return where two values differ first, and how."""
    if old == new:
        return ""
    if is_dataclass(old) and type(old) is type(new):
        parts = [(f"{path}.{f.name}", getattr(old, f.name), getattr(new, f.name)) for f in fields(old)]
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        parts = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))]
    else:
        return f"{path}: {str(old)[:60]}, now {str(new)[:60]}"
    return next(found for name, a, b in parts if (found := first_difference(a, b, name)))


def _told(event: e.Event) -> e.Event:
    """Return a suggestion without why there is none: a reply that was lost then is one that was not recorded now."""
    if not isinstance(event, e.CauseSuggested) or event.suggestion.cause is not None:
        return event
    return replace(event, suggestion=replace(event.suggestion, by=""))


def _key(event: e.Event) -> str:
    return event.key


def _concluded(event: e.Event) -> bool:
    match event:
        case e.Paused(by=by, command=command):
            return by == e.AGENT and not command.startswith(("suspicious:", "crash:"))
        case e.Stopped(by=by):
            return by == STOP_FILE
        case e.ExperimentDropped(reason=reason):
            return not reason.startswith("dropped by ")
        case _:
            return isinstance(event, CONCLUSIONS)
