"""What people did: who, when, and to which digest."""

from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain import event as e
from rea.domain.event import Recorded
from rea.domain.plan import Approval
from rea.report import numbers as n
from rea.report.foreign import line


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One act of a person, or of the program where it stopped to ask for one."""

    at: str
    by: str
    what: str


def touches(recorded: Sequence[Recorded]) -> tuple[Touch, ...]:
    """Return every act, in order."""
    found = ((r, act(r.event)) for r in recorded)
    return tuple(Touch(at=n.moment(_at(r)), by=line(who), what=line(what)) for r, (who, what) in found if what)


def _at(r: Recorded) -> str:
    return r.event.approval.at if isinstance(r.event, e.ChecklistSigned | e.PlanApproved) else r.at


def act(event: e.Event) -> tuple[str, str]:
    """Return who did what; two empty texts for what nobody did."""
    match event:
        case e.ChecklistSigned(approval=a):
            return (
                a.by,
                f"signed the checklist {a.subject[:16]}, granting {n.duration(a.granted_ms)} of device time{_calls(a)}",
            )
        case e.PlanApproved(approval=a):
            return (
                a.by,
                f"approved the plan {a.subject[:16]}, granting {n.duration(a.granted_ms)} of device time{_calls(a)}",
            )
        case e.HypothesisAmended(by=by, hypothesis=h):
            return by, f"amended the plan with {h.change}"
        case e.HypothesisRejected(by=by, hypothesis=name, reason=reason):
            return by, f"rejected {name}{': ' + reason if reason else ''}"
        case e.PatchAdmitted(by=by, patch=patch):
            return by, f"brought in the patch {patch.digest[:16]} on {', '.join(patch.paths)}"
        case e.BranchMade(by=by, branch=branch):
            return by, f"had the branch {branch} made"
        case e.Paused(by=by, reason=reason):
            return by, f"paused: {reason}"
        case e.Resumed(by=by):
            return by, "resumed"
        case e.Steered(by=by, wish=wish, target=target):
            return by, f"steered: {wish} {target}".rstrip()
        case e.Stopped(by=by, reason=reason):
            return by, f"stopped: {reason}"
        case _:
            return "", ""


def _calls(approval: Approval) -> str:
    return f" and {approval.calls}" if approval.calls.tokens else ""
