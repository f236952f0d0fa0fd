"""Changes in code: a patch file, or a program or a model that makes one, through the gate and into the plan."""

import math
from dataclasses import dataclass
from pathlib import Path

from rea import app
from rea.api.campaigns import require_open
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import UsageError
from rea.domain.event import HypothesisAmended, PatchAdmitted, PatchRefused
from rea.domain.hypothesis import Effect, Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.ids import CampaignId
from rea.domain.lever import Role
from rea.domain.wanted import WantedPatch
from rea.executor.implement import Order, admitted, made
from rea.executor.implement.gate import Candidate, judging
from rea.executor.implement.levers import declared
from rea.executor.materialise import reopen
from rea.executor.materialise.layout import patch_of
from rea.settings import Settings
from rea.store.journal import SqlJournal

SPREAD = 0.01  # half of the interval around what is predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a patch is for: the levers that it adds, as ``declared`` reads them, and what is believed of it.

    ``wish`` is the model's own hypothesis, where it is one; ``written`` says which model wrote the code.
    """

    levers: tuple[str, ...]
    statement: str
    predicted: float
    by: str
    cost: float = 1.0  # of a training with it, relative to the baseline's
    wish: WantedPatch | None = None
    written: str = ""


def add(
    config: Settings, campaign: CampaignId, c: Campaign, diff: str, claim: Claim
) -> tuple[PatchAdmitted, Hypothesis]:
    """Let a patch through the gate and put its hypothesis into the plan, which is priced anew; either way it is recorded.

    Raises:
        UsageError: it did not pass; the message says which step, and why.
    """
    require_open(c)
    if not 0 < claim.cost < math.inf:
        raise UsageError(f"a cost of {claim.cost} is none", "say how many times as long a training takes with it")
    journal, directory = app.journal(config), config.campaign(campaign)
    ours = reopen(directory, c.setup)
    candidate = candidate_of(diff, claim.levers)
    try:
        event = admitted(ours, candidate, app.smoke(directory), judging(directory, ours), claim.by)
    except UsageError as error:
        journal.append(campaign, (PatchRefused(patch=candidate.name, reason=error.message, by=claim.by),))
        raise
    hypothesis = hypothesis_of(event, candidate.on, claim)
    command = f"patch:{event.patch.digest}"
    journal.append(campaign, (event, HypothesisAmended(hypothesis=hypothesis, by=claim.by, command=command)))
    return event, hypothesis


def candidate_of(diff: str, levers: tuple[str, ...]) -> Candidate:
    """Return what goes through the gate. Raises UsageError where a word declares no lever."""
    found = [declared(word) for word in levers]
    on = Change(overrides=tuple((lever.name, value) for lever, value in found))
    return Candidate(diff=diff, levers=tuple(lever for lever, _ in found), on=on)


def make(config: Settings, campaign: CampaignId, c: Campaign, order: Order) -> str:
    """Have a program make a patch in the sandbox, and return the diff, which has passed nothing yet.

    Raises:
        UsageError: as ``rea.executor.implement.make`` says.
    """
    return made(reopen(config.campaign(campaign), c.setup), order)[0]


def shown(config: Settings, c: Campaign, beginning: str) -> tuple[PatchAdmitted, str]:
    """Return an admitted patch by the beginning of its digest, with every byte of it.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [p for d, p in c.patches.items() if d.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(f"{beginning!r} names {len(found)} patches", "see rea patch list")
    path = patch_of(config.campaign(c.id), found[0].patch.digest)
    return found[0], path.read_text(errors="replace")


def refusals(journal: SqlJournal, campaign: CampaignId) -> tuple[PatchRefused, ...]:
    """Return the patches that did not pass, oldest first."""
    return tuple(r.event for r in journal.read(campaign) if isinstance(r.event, PatchRefused))


def hypothesis_of(event: PatchAdmitted, on: Change, claim: Claim) -> Hypothesis:
    """Return what is believed of an admitted patch, turned ``on``."""
    change, wish = Change(overrides=on.overrides, patches=(event.patch,)), claim.wish
    code = f"A change in code: +{event.added} -{event.removed} lines in {', '.join(event.patch.paths)}."
    own = Effect(value=claim.predicted, low=claim.predicted - SPREAD, high=claim.predicted + SPREAD)
    return Hypothesis(
        id=hypothesis_id(change),
        statement=claim.statement,
        rationale=f"{wish.why} {code}" if wish else code,
        change=change,
        moves=tuple(Move(role=Role.OTHER, operation=Operation.SET, operand=value) for _, value in on.overrides),
        source=SourceName.MODEL if wish else SourceName.ENGINEER,
        predicted=wish.predicted if wish else own,
        falsifier="The judged metric is no better than the baseline's.",
        cost=claim.cost,
        citation="; ".join(filter(None, (wish.by if wish else "", claim.written and f"code: {claim.written}"))),
        evidence=wish.evidence if wish else (),
    )


def read_diff(path: Path) -> str:
    """Return a patch file. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "name a file as `git diff` writes it") from error
