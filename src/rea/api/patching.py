"""Changes in code: a patch file, or a program that makes one, through the gate and into the plan."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from rea import app
from rea.api import deciding
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import NotAdmitted, UsageError
from rea.domain.event import PatchAdmitted, PatchRefused
from rea.domain.hypothesis import Effect, Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.ids import CampaignId, Digest, digest
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.executor.implement import Order, admitted, made
from rea.executor.implement.gate import Candidate, judging
from rea.executor.materialise import reopen
from rea.executor.materialise.layout import patch_of
from rea.settings import Settings
from rea.store.journal import SqlJournal

SPREAD = 0.01  # half of the interval around what is predicted
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")
_HOW = "write NAME (a switch), NAME=OFF:ON, or NAME=OFF:ON:LOW:HIGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a patch is for: the levers that it adds, as ``declared`` reads them, and what is believed of it."""

    levers: tuple[str, ...]
    statement: str
    predicted: float
    by: str
    cost: float = 1.0  # of a training with it, relative to the baseline's


def add(
    config: Settings, campaign: CampaignId, c: Campaign, diff: str, claim: Claim
) -> tuple[PatchAdmitted, Hypothesis]:
    """Let a patch through the gate and put its hypothesis into the plan, which is priced anew; either way it is recorded.

    Raises:
        UsageError: it did not pass; the message says which step, and why.
    """
    if c.ended or c.stopped:
        raise UsageError("the campaign is over", "start another: rea start")
    if not 0 < claim.cost < math.inf:
        raise UsageError(f"a cost of {claim.cost} is none", "say how many times as long a training takes with it")
    journal, directory = app.journal(config), config.campaign(campaign)
    ours = reopen(directory, c.setup)
    found = [declared(word) for word in claim.levers]
    on = Change(overrides=tuple((lever.name, value) for lever, value in found))
    candidate = Candidate(diff=diff, levers=tuple(lever for lever, _ in found), on=on)
    try:
        event = admitted(ours, candidate, app.smoke(directory), judging(directory, ours), claim.by)
    except UsageError as error:
        name = Digest(error.patch if isinstance(error, NotAdmitted) else digest(candidate.document))
        journal.append(campaign, (PatchRefused(patch=name, reason=error.message, by=claim.by),))
        raise
    hypothesis = _hypothesis(event, on, claim)
    journal.append(campaign, (event,))
    deciding.amend(journal, campaign, hypothesis, claim.by, None)
    return event, hypothesis


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


def declared(word: str) -> tuple[Lever, Scalar]:
    """Return a lever and the value that turns it on from ``NAME``, ``NAME=OFF:ON`` or ``NAME=OFF:ON:LOW:HIGH``.

    Raises:
        UsageError: it is none of these.
    """
    name, sign, text = word.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{word!r} declares no lever", _HOW)
    if not sign:
        return Lever(name=name, type=LeverType.BOOL, role=Role.OTHER, default=False), True
    parts = text.split(":")
    numbers = [_number(part) for part in parts]
    if len(parts) == 2 and None in numbers:
        return Lever(name=name, type=LeverType.CHOICE, role=Role.OTHER, default=parts[0], choices=tuple(parts)), parts[
            1
        ]
    known = [n for n in numbers if n is not None]
    if len(parts) not in (2, 4) or len(known) != len(parts) or known[0] == known[1]:
        raise UsageError(f"{word!r} declares no lever", _HOW)
    return _numeric(name, known)


def _numeric(name: str, known: list[int | float]) -> tuple[Lever, Scalar]:
    kind = LeverType.INT if all(isinstance(n, int) for n in known) else LeverType.FLOAT
    values = known if kind is LeverType.INT else [float(n) for n in known]
    low, high = (min(values), max(values))
    lever = Lever(name=name, type=kind, role=Role.OTHER, default=values[0], low=float(low), high=float(high))
    if not (lever.admits(values[0]) and lever.admits(values[1])):
        raise UsageError(f"{name} does not admit its own values", _HOW)
    return lever, values[1]


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if abs(value) < 1e300 else None
    return None


def _hypothesis(event: PatchAdmitted, on: Change, claim: Claim) -> Hypothesis:
    change = Change(overrides=on.overrides, patches=(event.patch,))
    return Hypothesis(
        id=hypothesis_id(change),
        statement=claim.statement,
        rationale=f"A change in code: +{event.added} -{event.removed} lines in {', '.join(event.patch.paths)}.",
        change=change,
        moves=tuple(Move(role=Role.OTHER, operation=Operation.SET, operand=value) for _, value in on.overrides),
        source=SourceName.ENGINEER,
        predicted=Effect(value=claim.predicted, low=claim.predicted - SPREAD, high=claim.predicted + SPREAD),
        falsifier="The judged metric is no better than the baseline's.",
        cost=claim.cost,
    )


def read_diff(path: Path) -> str:
    """Return a patch file. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "name a file as `git diff` writes it") from error
