"""A winner as one reviewable branch: the patches, the settings, and the evidence in its message."""

from pathlib import Path

from rea import app
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import BranchMade
from rea.domain.ids import CampaignId
from rea.domain.proposal import Outcome, Proposal
from rea.executor.implement.branch import Proposed, branch
from rea.report.facts.launch import launch
from rea.settings import Settings

WIDTH = 72


def make(config: Settings, campaign: CampaignId, c: Campaign, name: str, by: str) -> BranchMade:
    """Make the branch, by default ``rea/CAMPAIGN``, and record it.

    Raises:
        UsageError: nothing was found worth launching, or there is such a branch.
    """
    if c.proposal is None or c.proposal.outcome is not Outcome.WINNER:
        state = c.proposal.outcome if c.proposal else "not over"
        raise UsageError(f"{campaign} has no winner to make a branch of: it is {state}", "see rea report")
    proposed = Proposed(
        name=name or f"rea/{campaign}",
        commit=c.commit,
        change=c.proposal.change,
        levers=tuple(v for p in c.proposal.change.patches for v in c.patches[p.digest].levers),
        title=f"rea/{campaign}.toml",
        message=message(c, c.proposal),
    )
    made = branch(Path(c.repository), config.campaign(campaign), proposed)
    event = BranchMade(branch=proposed.name, commit=made, by=by)
    app.journal(config).append(campaign, (event,))
    return event


def message(c: Campaign, p: Proposal) -> str:
    """Return the text of the commit: what it is, what was measured and how sure that is, what it rests on."""
    answer = launch(c)
    title = f"{c.setup.name}: {p.change}"
    lines = [title if len(title) <= WIDTH else f"{title[: WIDTH - 1]}…", "", answer.sentence, ""]
    lines += [f"{name}: {told}" for name, told in answer.beside]
    lines += [f"Arguments: {answer.arguments}"] if answer.arguments else []
    for patch in p.change.patches:
        known = c.patches[patch.digest]
        lines.append(f"Patch: {patch.digest} (+{known.added} -{known.removed}, by {known.by})")
        lines += [f"  {check.name}: {check.detail.splitlines()[0]}" for check in known.checks]
    digests = [("Campaign", c.id), ("Plan", c.plan_digest), ("Approved-by", c.approval.by if c.approval else "")]
    digests += [("Data", c.checklist.data), ("Judge", c.checklist.judge)] if c.checklist else []
    lines += ["", *(f"{name}: {told}" for name, told in digests if told), "", "A recommendation; nothing was deployed."]
    return "\n".join([*lines, ""])
