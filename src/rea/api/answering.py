"""What a person does with requests: accept, which is that person's act, or reject. No request is answered in any other way."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime

from rea import app
from rea.api import asking, proposing
from rea.api.campaigns import require_open
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import HypothesisAmended
from rea.domain.request import Answer, Request, RequestKind
from rea.executor.contract.directory import write_durably
from rea.settings import Settings


def found(config: Settings, beginning: str, *, accepting: bool = False) -> Request:
    """Return the one request whose id begins so and that waits; one that was accepted may be accepted again, which changes nothing.

    Raises:
        UsageError: there is none, more than one, or it was answered.
    """
    known = [(r, a) for r, a in asking.asked(config) if beginning and r.id.startswith(beginning)]
    if len(known) != 1:
        raise UsageError(f"{beginning!r} names {len(known)} requests", "rea requests lists them")
    request, answer = known[0]
    if answer is not None and not (accepting and answer.accepted):
        said = "accepted" if answer.accepted else "rejected"
        raise UsageError(f"{request.id} was {said} by {answer.by}", "rea requests lists those that wait")
    return request


def accept(config: Settings, c: Campaign, request: Request, by: str) -> str:
    """Do what was asked, in the person's name, and return the next command.

    A hypothesis enters the plan, which is priced anew and waits for its own approval. A patch, a run and a campaign are only agreed to: the
    command that is returned takes the patch through the gate, or grants the budget, by digest.

    Raises:
        UsageError: it cannot be done any more, such as where the plan has moved on; then it goes on waiting.
    """
    if request.kind is not RequestKind.CAMPAIGN:
        require_open(c, f"rea requests reject {request.id}")
    match request.kind:
        case RequestKind.HYPOTHESIS:
            wanted = replace(
                proposing.idea(c, request.overrides, request.statement, request.predicted), rationale=_asked_by(request)
            )
            _answer(config, request, by, accepted=True)
            event = HypothesisAmended(
                hypothesis=wanted, by=by, command=f"request:{request.id}"
            )  # however often: one event
            app.journal(config).append(request.campaign, (event,))
            return f"rea plan -c {c.id}"
        case RequestKind.PATCH:
            after = _to_the_gate(config, request)
        case RequestKind.RUN:
            if c.plan is None or c.approved or c.plan_digest != request.subject:
                raise UsageError("the plan that was asked for does not wait", f"rea requests reject {request.id}")
            after = f"rea approve -c {c.id} --digest {c.plan_digest[:12]}"
        case RequestKind.CAMPAIGN:
            after = f"rea start {shlex.quote(c.repository)} --budget {request.budget_s:.0f}s"
    _answer(config, request, by, accepted=True)
    return after


def reject(config: Settings, request: Request, reason: str, by: str) -> None:
    """Turn a request down; asked again, it stays so."""
    _answer(config, request, by, accepted=False, reason=reason)


def _answer(config: Settings, request: Request, by: str, *, accepted: bool, reason: str = "") -> None:
    """Keep the answer. The first one stands, so it is kept before anything follows from it."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    answer = Answer(request=request.id, accepted=accepted, by=by, at=at, reason=reason)
    if app.aside(config).once(asking.ANSWERS, request.id, request.campaign, answer):
        return
    stands = next(a for r, a in asking.asked(config, request.campaign) if r.id == request.id)
    if stands is None or stands.accepted is not accepted:
        raise UsageError(f"{request.id} was answered otherwise a moment ago", "rea requests --all")


def _to_the_gate(config: Settings, request: Request) -> str:
    """Write the diff where ``rea patch add`` finds it: there is one gate, and no second way in."""
    kept = config.campaign(request.campaign) / "requests" / f"{request.id}.diff"
    kept.parent.mkdir(exist_ok=True)
    write_durably(kept, request.patch)
    told = shlex.quote(request.statement or _asked_by(request))
    return f"rea patch add {kept} -c {request.campaign} --statement {told} --lever NAME"


def _asked_by(request: Request) -> str:
    return f"Asked for by a program that calls itself {request.by!r}: {request.why}"
