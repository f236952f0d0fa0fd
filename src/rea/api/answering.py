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


def found(config: Settings, beginning: str) -> Request:
    """Return the one request that waits and whose id begins so.

    Raises:
        UsageError: there is none, more than one, or it was answered.
    """
    known = [(r, a) for r, a in asking.asked(config) if beginning and r.id.startswith(beginning)]
    if len(known) != 1:
        raise UsageError(f"{beginning!r} names {len(known)} requests", "rea requests lists them")
    request, answer = known[0]
    if answer is not None:
        said = "accepted" if answer.accepted else "rejected"
        raise UsageError(f"{request.id} was {said} by {answer.by}", "rea requests lists those that wait")
    return request


def accept(config: Settings, c: Campaign, request: Request, by: str) -> str:
    """Do what was asked, in the person's name, and return the next command.

    A hypothesis or a patch enters the plan, which is priced anew and waits for its own approval. A run and a campaign are only
    agreed to: the command that is returned grants the budget, by digest.

    Raises:
        UsageError: it cannot be done any more, such as where the plan has moved on.
        Conflict: the patch does not apply.
    """
    match request.kind:
        case RequestKind.HYPOTHESIS:
            _amend(config, request, _idea(c, request), by)
            after = f"rea plan -c {c.id}"
        case RequestKind.PATCH:
            _amend(config, request, _patched(config, c, request), by)
            after = f"rea plan -c {c.id}"
        case RequestKind.RUN:
            if c.plan is None or c.approved or c.plan_digest != request.subject:
                raise UsageError(
                    "the plan that was asked for is not the one that waits", f"rea requests reject {request.id}"
                )
            after = f"rea approve -c {c.id} --digest {c.plan_digest[:12]}"
        case RequestKind.CAMPAIGN:
            after = f"rea start {shlex.quote(c.repository)} --budget {request.budget_s:.0f}s"
    _answer(config, request, by, accepted=True)
    return after


def reject(config: Settings, request: Request, reason: str, by: str) -> None:
    """Turn a request down; asked again, it stays so."""
    _answer(config, request, by, accepted=False, reason=reason)


def _answer(config: Settings, request: Request, by: str, *, accepted: bool, reason: str = "") -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    answer = Answer(request=request.id, accepted=accepted, by=by, at=at, reason=reason)
    if not app.aside(config).once(asking.ANSWERS, request.id, request.campaign, answer):
        raise UsageError(f"{request.id} was answered a moment ago", "rea requests")


def _amend(config: Settings, request: Request, hypothesis: Hypothesis, by: str) -> None:
    event = HypothesisAmended(hypothesis=hypothesis, by=by, command=f"request:{request.id}")
    app.journal(config).append(request.campaign, (event,))


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
