"""A user's own runbook entries: which may act, what those in shadow would have done, and whether they were right."""

from dataclasses import replace

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT
from rea.domain.runbook import Standing


def shadowing(c: Campaign, event: e.Shadowing) -> None:
    match event:
        case e.RunbookBound():
            c.bound.setdefault(event.runbook, event.trusted)
        case e.EntryShadowed(call=call) if call.job in c.jobs:
            c.shadows.setdefault(call.key, call)
        case e.EntryJudged():
            _judged(c, event)
        case e.EntryStanding() if c.standings.get(event.entry) is not Standing.SHADOW:
            c.standings[event.entry] = event.standing
        case _:
            pass


def _judged(c: Campaign, event: e.EntryJudged) -> None:
    known = c.shadows.get(f"{event.entry}:{event.replicate}")
    if known is not None and (known.agrees is None or event.by != AGENT):  # a person knows better than a rerun
        c.shadows[known.key] = replace(known, agrees=event.agrees, evidence=f"{event.by}: {event.evidence}")
