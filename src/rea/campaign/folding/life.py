"""What people do to a campaign, what they were told, and how it ends."""

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT
from rea.domain.ids import JobId
from rea.domain.runbook import Remedy


def life(c: Campaign, event: e.Life) -> None:
    match event:
        case e.Notified():
            c.notified.add(event.key)
        case e.Paused(reason=reason) if _first(c, event):
            c.paused = c.paused or reason
        case e.Resumed() if _first(c, event):
            c.paused = ""
            c.forgiven = c.finished
            c.excused.update(job for key in c.unsettled if (job := _paused_by(c, key)) is not None)
        case e.Steered(wish=wish, target=target) if _first(c, event):
            c.steered.append((wish, target))
        case e.Stopped(reason=reason):
            c.stopped = c.stopped or reason or "stopped"
        case e.Concluded(proposal=proposal):
            c.proposal = c.proposal or proposal
        case _:
            pass


def _first(c: Campaign, event: e.Paused | e.Resumed | e.Steered) -> bool:
    if event.command in c.commands:
        return False
    c.commands.add(event.command)
    c.touches += event.by != AGENT
    return True


def _paused_by(c: Campaign, key: str) -> JobId | None:
    """Return the last attempt at a replicate where its treatment was to wait for a person."""
    made = c.attempts.get(key, ())
    treatment = c.jobs[made[-1]].treatment if made else None
    return made[-1] if treatment is not None and treatment.remedy is Remedy.PAUSE else None
