"""Ask for something without deciding it: checked against the real levers, plan and limits, then kept until a person answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite

from rea import app
from rea.api import proposing
from rea.api.campaigns import require_open
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.ids import CampaignId
from rea.domain.request import Answer, Request, RequestKind
from rea.settings import Settings

REQUESTS, ANSWERS = "request", "answer"
ASK = "ask for another: request_campaign, or rea start"
MOST_PENDING = 50  # of one campaign: a client that goes round in a circle fills no disk and buries no person
LONGEST_PATCH = 200_000  # bytes; what a patch may have at all
LONGEST_BUDGET_S = 30 * 86_400.0


def hypothesis(
    config: Settings, c: Campaign, by: str, why: str, overrides: tuple[str, ...], statement: str, predicted: float
) -> Request:
    """Ask that a hypothesis be added to a campaign.

    Raises:
        UsageError: the campaign is over, a lever or value is none, or the hypothesis is there already.
    """
    require_open(c, ASK)
    if not overrides or not isfinite(predicted) or not -1 < predicted < 1:
        raise UsageError(
            "a hypothesis sets at least one lever and predicts a share", "overrides: ['lr=0.002'], predicted: 0.003"
        )
    meant = proposing.idea(c, overrides, statement, predicted)
    if meant.id in c.hypotheses:
        raise UsageError(f"{meant.id} says that already", f"see why it stands where it does: rea why {meant.id}")
    ordered = tuple(sorted(overrides))
    asked = Request(
        kind=RequestKind.HYPOTHESIS,
        campaign=c.id,
        by=by,
        at=_now(),
        why=why,
        statement=statement,
        overrides=ordered,
        predicted=predicted,
    )
    return _keep(config, asked)


def patch(config: Settings, c: Campaign, by: str, why: str, diff: str, statement: str) -> Request:
    """Ask that a change of code be tried; whether it keeps in bounds is checked again, by its effect, when a person accepts it.

    Raises:
        UsageError: the campaign is over, or this is no unified diff of a bearable size.
    """
    require_open(c, ASK)
    size = len(diff.encode())
    if size > LONGEST_PATCH:
        raise UsageError(f"the patch has {size} bytes, more than {LONGEST_PATCH}", "split it, or make it smaller")
    if not all(f"\n{mark}" in f"\n{diff}" for mark in ("--- ", "+++ ", "@@ ")):
        raise UsageError("that is no unified diff", "make one with git diff, from the root of the repository")
    if not c.setup.editable:
        raise UsageError(
            "this workload lets no file be edited", "an engineer names some: [paths] editable in workload.toml"
        )
    asked = Request(kind=RequestKind.PATCH, campaign=c.id, by=by, at=_now(), why=why, statement=statement, patch=diff)
    return _keep(config, asked)


def run(config: Settings, c: Campaign, by: str, why: str) -> Request:
    """Ask that the plan which waits be approved. The request names its digest: of another plan it asks nothing.

    Raises:
        UsageError: no plan waits.
    """
    require_open(c, ASK)
    if c.plan is None or c.approved:
        raise UsageError("no plan waits for an approval", "see status; a hypothesis can be asked for at any time")
    return _keep(config, Request(kind=RequestKind.RUN, campaign=c.id, by=by, at=_now(), why=why, subject=c.plan_digest))


def another(config: Settings, c: Campaign, by: str, why: str, budget_s: float) -> Request:
    """Ask for another campaign on the repository of a known one. No path is taken from who asks.

    Raises:
        UsageError: the budget is none.
    """
    if not isfinite(budget_s) or not 0 < budget_s <= LONGEST_BUDGET_S:
        raise UsageError("the budget is no amount of device time", f"seconds, at most {LONGEST_BUDGET_S:.0f}")
    return _keep(
        config, Request(kind=RequestKind.CAMPAIGN, campaign=c.id, by=by, at=_now(), why=why, budget_s=budget_s)
    )


def asked(config: Settings, campaign: CampaignId | None = None) -> Sequence[tuple[Request, Answer | None]]:
    """Return the requests, the oldest first, each with its answer if there is one."""
    kept, of = app.aside(config), campaign or ""
    answers = {a.request: a for a in kept.all(ANSWERS, Answer, of)}
    return tuple((r, answers.get(r.id)) for r in kept.all(REQUESTS, Request, of))


def _keep(config: Settings, request: Request) -> Request:
    known = asked(config, request.campaign)
    again = next((r for r, _ in known if r.id == request.id), None)
    if again is not None:
        return again
    if sum(answer is None for _, answer in known) >= MOST_PENDING:
        raise UsageError(f"{MOST_PENDING} requests wait already", "a person answers them first: rea requests")
    app.aside(config).once(REQUESTS, request.id, request.campaign, request)
    return request


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
