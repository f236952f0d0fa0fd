"""What a person does with requests: accept, which is that person's act, or reject. No request is answered in any other way."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime

from rea import app
from rea.api import asking, proposing
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import UsageError
from rea.domain.event import HypothesisAmended
from rea.domain.hypothesis import Effect, Hypothesis, SourceName, hypothesis_id
from rea.domain.request import Answer, Request, RequestKind
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

    A hypothesis or a patch enters the plan, which is priced anew and waits for its own approval. A run and a campaign are only
    agreed to: the command that is returned grants the budget, by digest.

    Raises:
        UsageError: it cannot be done any more, such as where the plan has moved on; then it goes on waiting.
        Conflict: the patch does not apply.
    """
    if request.kind is not RequestKind.CAMPAIGN and (c.ended or c.stopped):
        raise UsageError("the campaign is over", f"rea requests reject {request.id}")
    match request.kind:
        case RequestKind.HYPOTHESIS | RequestKind.PATCH:
            wanted = _idea(c, request) if request.kind is RequestKind.HYPOTHESIS else _patched(config, c, request)
            _answer(config, request, by, accepted=True)
            event = HypothesisAmended(
                hypothesis=wanted, by=by, command=f"request:{request.id}"
            )  # however often: one event
            app.journal(config).append(request.campaign, (event,))
            return f"rea plan -c {c.id}"
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


def _idea(c: Campaign, request: Request) -> Hypothesis:
    meant = proposing.idea(c.setup, request.overrides, request.statement, request.predicted)
    return replace(meant, rationale=_asked_by(request))


def _patched(config: Settings, c: Campaign, request: Request) -> Hypothesis:
    from rea.executor.materialise import Mirror
    from rea.executor.materialise.layout import mirror_of
    from rea.executor.materialise.patch import admit

    mirror = Mirror(mirror_of(config.campaign(c.id)))
    change = Change(patches=(admit(request.patch, c.setup, mirror, c.commit),))
    return Hypothesis(
        id=hypothesis_id(change),
        statement=request.statement or f"{change} helps.",
        rationale=_asked_by(request),
        change=change,
        moves=(),
        source=SourceName.ENGINEER,
        predicted=Effect(value=0.0, low=-proposing.SPREAD, high=proposing.SPREAD),
        falsifier="The judged metric is no better than the baseline's.",
    )


def _asked_by(request: Request) -> str:
    return f"Asked for by a program that calls itself {request.by!r}: {request.why}"
