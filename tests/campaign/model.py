"""What may be true of a campaign, in the plainest words: read from its raw events and its cluster's log, sharing nothing with the fold."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rea.domain import event as e
from rea.domain.event import Event


@dataclass(slots=True)
class Model:
    """A campaign as a bookkeeper sees it. ``wrong`` holds what may not have happened, in words."""

    granted: int = 0
    spent: int = 0
    overrun: int = 0
    held: dict[str, int] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    approved: bool = False
    checklist: str = ""
    plan: str = ""
    standing_still: str = ""  # why nothing may be reserved: paused, stopped, concluded
    wrong: list[str] = field(default_factory=list)

    def take(self, events: Iterable[Event]) -> None:
        """Write down what happened."""
        for event in events:
            self._take(event)
            if self.spent + sum(self.held.values()) > self.granted:
                self.wrong.append(f"{self.spent} spent and {self.held} held of {self.granted}")

    def launched(self, jobs: Iterable[str]) -> None:
        """Compare with what the cluster was told to run."""
        for job, times in Counter(jobs).items():
            if times > 1:
                self.wrong.append(f"{job} was launched {times} times")
            if job not in self.reserved:
                self.wrong.append(f"{job} was launched and never reserved")

    def _take(self, event: Event) -> None:
        match event:
            case e.ChecklistRecorded():
                self.checklist = event.checklist.digest
            case e.PlanDrafted():
                self.plan = event.plan.digest
            case e.ChecklistSigned() if event.approval.subject == self.checklist:
                self.granted = max(self.granted, event.approval.granted_ms)
            case e.PlanApproved() if event.approval.subject == self.plan:
                self.granted, self.approved = max(self.granted, event.approval.granted_ms), True
            case e.JobReserved():
                self._reserve(event)
            case e.JobEnded():
                self._end(event)
            case e.Paused() | e.Stopped() | e.Concluded():
                self.standing_still = type(event).__name__
            case e.Resumed() if self.standing_still == "Paused":
                self.standing_still = ""

    def _reserve(self, event: e.JobReserved) -> None:
        job = event.job
        if self.standing_still:
            self.wrong.append(f"{job.id} was reserved after {self.standing_still}")
        if job.id in self.reserved:
            self.wrong.append(f"{job.id} was reserved twice")
        if job.phase != "calibration" and not self.approved:
            self.wrong.append(f"{job.id} was reserved before the plan was approved")
        self.reserved.add(job.id)
        self.held[job.id] = job.held_ms

    def _end(self, event: e.JobEnded) -> None:
        if event.job in self.ended or event.job not in self.reserved:
            self.wrong.append(f"{event.job} ended and was over, or had never begun")
            return
        self.ended.add(event.job)
        held = self.held.pop(event.job)
        self.spent += min(held, event.cost_ms)
        self.overrun += max(0, event.cost_ms - held)
