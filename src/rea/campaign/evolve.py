"""How events change a campaign: pure, total (what refers to something unknown changes nothing), and the only way state changes."""

from collections.abc import Iterable
from dataclasses import fields, replace

from rea.campaign import folding
from rea.domain import event as e
from rea.domain.campaign import Campaign


def fold(campaign: Campaign, events: Iterable[e.Event]) -> Campaign:
    """Return ``campaign`` as it is after ``events``; ``campaign`` itself stays as it is. Amortised O(1) an event."""
    after = replace(
        campaign, **{f.name: value.copy() for f in fields(campaign) if _grows(value := getattr(campaign, f.name))}
    )
    for event in events:
        apply(after, event)
    return after


def evolve(campaign: Campaign, event: e.Event) -> Campaign:
    """Return ``campaign`` as it is after ``event``."""
    return fold(campaign, (event,))


def replay(events: Iterable[e.Event]) -> Campaign:
    """Return what a journal adds up to."""
    return fold(Campaign(), events)


def apply(campaign: Campaign, event: e.Event) -> None:
    """Change ``campaign`` in place: for a fold over a private copy only."""
    campaign.memo.clear()
    if isinstance(event, e.Pooling):
        return  # of a portfolio's own stream (``rea.campaign.portfolio``)
    match event:
        case e.CampaignOpened() | e.ChecklistRecorded() | e.ChecklistSigned() | e.Calibrated():
            folding.setup(campaign, event)
        case (
            e.HypothesesProposed() | e.HypothesisAmended() | e.HypothesisRejected() | e.PlanDrafted() | e.PlanApproved()
        ):
            folding.planning(campaign, event)
        case e.PatchOrdered() | e.PatchAdmitted() | e.PatchRefused() | e.BranchMade():
            folding.patching(campaign, event)
        case e.JobReserved() | e.JobSubmitted() | e.JobEnded() | e.JobTreated() | e.RunStopped():
            folding.running(campaign, event)
        case e.NodeExcluded() | e.NodeReturned():
            folding.nodes(campaign, event)
        case e.CallReserved() | e.CallSettled():
            folding.calling(campaign, event)
        case e.DiagnosisOpened() | e.ProbeAdded() | e.Diagnosed() | e.CauseSuggested() | e.RemedyTried():
            folding.diagnosing(campaign, event)
        case e.RunbookBound() | e.EntryShadowed() | e.EntryJudged() | e.EntryStanding():
            folding.shadowing(campaign, event)
        case (
            e.PhaseOpened()
            | e.ReplicatesAdded()
            | e.ExperimentDropped()
            | e.ReplicateCut()
            | e.PhaseEnded()
            | e.PhaseClosed()
            | e.Suggested()
        ):
            folding.phases(campaign, event)
        case e.Measured() | e.PredictionsRefused() | e.Compared() | e.TestOpened() | e.InsightsRecorded():
            folding.judging(campaign, event)
        case e.ShareGranted() | e.ShareClosed() | e.ShareReturned():
            folding.sharing(campaign, event)
        case _:
            folding.life(campaign, event)


def _grows(value: object) -> bool:
    return isinstance(value, dict | set | list)
