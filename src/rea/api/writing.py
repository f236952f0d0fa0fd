"""A hypothesis in words, a person's or the model's own: the model makes a patch of it, which enters by the one gate."""

from collections.abc import Callable
from dataclasses import replace

from rea import app
from rea.agent.question import NoModel
from rea.api import patching
from rea.api.campaigns import require_open
from rea.api.patching import Claim
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import PatchAdmitted, PatchOrdered, PatchRefused
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import CampaignId, Digest
from rea.domain.wanted import WantedPatch
from rea.executor.implement.words import Draft, Words, drafted
from rea.executor.materialise import reopen
from rea.executor.materialise.objects import of_campaign
from rea.planner.sources.model.wanted import read
from rea.settings import Settings
from rea.store.journal import SqlJournal

TRIES = 2  # patches that are made of the same words: the second is made knowing why the first was refused
MOST_TOLD = 2000  # characters of a refusal that the patcher is told
Made = tuple[PatchAdmitted, Hypothesis]


def made(
    config: Settings, campaign: CampaignId, c: Campaign, words: Words, claim: Claim, keep: Callable[[str], None]
) -> Made:
    """Have the campaign's model make a patch of ``words`` and let it through the gate; ``keep`` gets each diff before.

    Whoever was killed asks again with the same words: what was answered is not asked for again, what was refused is not tried again, and what was
    let in is there.

    Raises:
        UsageError: there is no model or no sandbox, no patch came of it, or none passed.
    """
    journal, pen = app.journal(config), _pen(config, campaign, c)
    for _ in range(TRIES):
        order = PatchOrdered(statement=words.statement, paths=words.paths, refused=words.refused, by=claim.by)
        journal.append(campaign, (order,))
        draft = _drafted(pen, words, claim, journal, campaign)
        keep(draft.diff)
        found = _tried(config, c, draft, replace(claim, levers=draft.levers, written=draft.by), journal)
        if not isinstance(found, str):
            return found
        words = replace(words, refused=found[:MOST_TOLD])
    raise UsageError(f"{TRIES} patches were made of it and refused; the last: {words.refused}", "say it in other words")


def _drafted(
    pen: Callable[[Words], Draft], words: Words, claim: Claim, journal: SqlJournal, campaign: CampaignId
) -> Draft:
    try:
        return pen(words)
    except UsageError as error:  # so that the record says what came of the order: nothing
        journal.append(campaign, (PatchRefused(patch=Digest(""), reason=error.message, by=claim.by),))
        raise


def _tried(config: Settings, c: Campaign, draft: Draft, claim: Claim, journal: SqlJournal) -> Made | str:
    """Return the patch and its hypothesis, or why it was refused, now or before."""
    candidate = patching.candidate_of(draft.diff, draft.levers)
    known = c.patches.get(candidate.name)
    if known is not None:
        return known, patching.hypothesis_of(known, candidate.on, claim)
    before = [r.reason for r in patching.refusals(journal, c.id) if r.patch == candidate.name]
    if before:
        return before[-1]
    try:
        return patching.add(config, c.id, c, draft.diff, claim)
    except UsageError as error:
        return error.message


def _pen(config: Settings, campaign: CampaignId, c: Campaign) -> Callable[[Words], Draft]:
    """Return what makes a draft of words, once everything that a patch needs is at hand: nothing is asked in vain."""
    model = app.model(config, app.recall_of(config, campaign), app.journal(config))
    if isinstance(model, NoModel):
        raise UsageError("this campaign asks no language model", "name a program that makes the patch: --command")
    require_open(c)
    ours = reopen(config.campaign(campaign), c.setup)
    if ours.record.cell is None:
        raise UsageError("this campaign has no sandbox, and no patch runs without", "see rea doctor, then begin anew")
    code = of_campaign(ours.directory, c.setup)
    return lambda words: drafted(ours, words, model, code)


def wished(config: Settings, c: Campaign) -> tuple[tuple[WantedPatch, str], ...]:
    """Return what the model wished for in words, each with the id of the hypothesis that a patch made of it ("" none)."""
    known = {h.statement: h.id for h in c.hypotheses.values() if h.change.patches}
    return tuple((w, known.get(w.statement, "")) for w in read(config.campaign(c.id)))


def wish(config: Settings, c: Campaign, beginning: str) -> WantedPatch:
    """Return the one wish whose id begins so. Raises UsageError where there is none, or more than one."""
    found = [w for w, _ in wished(config, c) if w.id.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(f"{beginning!r} names {len(found)} wishes", "rea patch wanted lists them")
    return found[0]
