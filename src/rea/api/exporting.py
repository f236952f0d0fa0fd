"""Hypotheses with what became of them, one JSON object a line: what a team can train a hypothesis model of its own on.

Only what is said of hypotheses leaves: no row of data, no label, no path, no log, no person; texts pass the filter that reports use.
"""

from collections.abc import Iterator, Sequence

from rea import app
from rea.api.campaigns import history_of
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.event import HypothesesProposed, HypothesisAmended, Recorded
from rea.domain.evidence import Finding, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.ids import CampaignId, HypothesisId
from rea.domain.lever import Lever, Scalar
from rea.report.foreign import line
from rea.settings import Settings

SCHEMA = "rea/hypotheses/1"
LONGEST = 2_000  # characters of one text
Row = dict[str, object]


def hypotheses(config: Settings, only: CampaignId | None = None) -> Iterator[Row]:
    """Yield every hypothesis of every campaign, by the campaign's opening and name, then in the order proposed: the same each time."""
    names = [only] if only else app.journal(config).campaigns()
    states = [app.recall_of(config, name).now() for name in names]
    for c in sorted(states, key=lambda c: (c.opened_at, c.id)):
        yield from rows(c, history_of(app.journal(config), c.id))


def rows(c: Campaign, history: Sequence[Recorded]) -> Iterator[Row]:
    """Yield the hypotheses of one campaign, those that a person rejected too; none before it was opened and checked."""
    if c.workload is None or c.checklist is None:
        return
    context = _context(c)
    for h in _proposed(history).values():
        yield {
            "schema": SCHEMA,
            "campaign": c.id,
            "id": h.id,
            "context": context,
            "hypothesis": _said(h),
            "outcome": _outcome(c, h),
        }


def _proposed(history: Sequence[Recorded]) -> dict[HypothesisId, Hypothesis]:
    found: dict[HypothesisId, Hypothesis] = {}
    for event in (r.event for r in history):
        if isinstance(event, HypothesesProposed):
            found |= {h.id: h for h in event.hypotheses if h.id not in found}
        elif isinstance(event, HypothesisAmended):
            found.setdefault(event.hypothesis.id, event.hypothesis)
    return found


def _context(c: Campaign) -> Row:
    """Return what was known when the hypothesis was made: where, of what, and what could be turned."""
    told: Row = {"question": line(c.question, LONGEST), "workload": c.setup.name, "model": line(c.setting.model)}
    told |= {"data": c.setting.data, "metric": str(c.setup.primary), "baseline": c.noise.baseline if c.noise else None}
    told |= {"detectable": c.noise.detectable if c.noise else None, "budget_s": c.budget_ms / 1000}
    return told | {"levers": [_lever(x) for x in c.setup.levers]}


def _lever(x: Lever) -> Row:
    told: Row = {"name": x.name, "type": str(x.type), "role": str(x.role), "default": _scalar(x.default)}
    return told | {"low": x.low, "high": x.high, "choices": [line(choice) for choice in x.choices]}


def _said(h: Hypothesis) -> Row:
    told: Row = {
        "source": str(h.source),
        "statement": line(h.statement, LONGEST),
        "rationale": line(h.rationale, LONGEST),
    }
    told |= {"change": _change(h.change), "moves": [line(str(m)) for m in h.moves], "aim": str(h.aim), "cost": h.cost}
    told |= {"predicted": _effect(h.predicted), "falsifier": line(h.falsifier, LONGEST), "technique": h.technique}
    return told | {"citation": line(h.citation, LONGEST), "evidence": [line(x) for x in h.evidence]}


def _change(change: Change) -> Row:
    patches = [{"digest": p.digest, "levers": list(p.levers)} for p in change.patches]
    return {"overrides": {name: _scalar(value) for name, value in change.overrides}, "patches": patches}


def _outcome(c: Campaign, h: Hypothesis) -> Row:
    """Return what was found of a hypothesis by itself. ``effect`` is shrunk where it was used to choose, ``raw`` is as measured."""
    alone = [f for f in c.findings.values() if f.hypotheses == (h.id,)]
    first = next((f for f in alone if f.phase is Phase.VALIDATION), None)
    last = next((f for f in alone if f.phase is Phase.CONFIRMATION), None)
    if first is None and last is None:
        why = line(c.rejected[h.id], LONGEST) or "rejected by a person" if h.id in c.rejected else "not reached"
        return _found(None) | {"reason": why, "cost_s": _cost_s(c, h), "confirmation": None}
    return _found(first or last) | {"cost_s": _cost_s(c, h), "confirmation": _found(last) if last else None}


def _found(f: Finding | None) -> Row:
    if f is None:
        return dict.fromkeys(("phase", "effect", "raw", "p_value", "reason")) | {
            "verdict": "not_tested",
            "seeds": 0,
            "fidelity": "",
            "flags": [],
        }
    measured = f.verdict is not Verdict.DROPPED
    told: Row = {"verdict": str(f.verdict), "phase": str(f.phase), "seeds": f.seeds, "fidelity": f.fidelity}
    told |= {"effect": _effect(f.effect) if measured else None, "raw": f.raw if measured else None}
    return told | {"p_value": f.p_value, "flags": [str(x) for x in f.flags], "reason": line(f.reason, LONGEST)}


def _cost_s(c: Campaign, h: Hypothesis) -> float:
    """Return the device-seconds of all jobs that ran for this hypothesis alone."""
    own = {x.id for x in c.experiments.values() if x.hypotheses == (h.id,)}
    return sum(c.costs.get(key, 0) for e in own for key in c.runs_of.get(e, ())) / 1000


def _effect(e: Effect) -> Row:
    return {"value": e.value, "low": e.low, "high": e.high}


def _scalar(value: Scalar) -> Scalar:
    return line(value) if isinstance(value, str) else value
