"""Rows for programs: everything that can be read of a campaign as flat records, in a stable order. Nothing here changes anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass

from rea import app
from rea.api import asking, reading
from rea.api.campaigns import history_of
from rea.campaign.advance import waiting_for
from rea.domain.campaign import Campaign, JobRecord
from rea.domain.errors import UsageError
from rea.domain.evidence import Finding, Verdict
from rea.domain.experiment import Experiment
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight
from rea.domain.request import Answer
from rea.report.foreign import WINDOW, redacted
from rea.settings import Settings
from rea.store.journal import SqlJournal

Row = dict[str, object]
LOG_BYTES = WINDOW


def journal(config: Settings) -> SqlJournal:
    """Return the journal.

    Raises:
        UsageError: there is no campaign yet.
    """
    if not config.has_store:
        raise UsageError("there is no campaign yet", "an engineer starts one: rea start DIRECTORY --budget 2h")
    return app.journal(config)


def campaign(config: Settings, name: str) -> Campaign:
    """Return the state of the campaign of exactly this name. Raises UsageError: there is none."""
    log = journal(config)
    if name not in log.campaigns():
        raise UsageError("there is no such campaign any more", "list them again: campaigns")
    return app.recall_of(config, CampaignId(name)).now()


def campaigns(config: Settings) -> list[Row]:
    """Return every campaign in short, the newest first."""
    if not config.has_store:
        return []
    states = [app.recall_of(config, name).now() for name in app.journal(config).campaigns()]
    return [
        {
            "campaign": c.id,
            "state": reading.state(c),
            "question": c.question,
            "opened": c.opened_at,
            "workload": c.setup.name,
        }
        for c in reversed(states)
        if c.workload is not None
    ]


def status(c: Campaign) -> Row:
    """Return where a campaign stands, with what it waits for."""
    return asdict(reading.status(c, waiting_for(c)))


def plan(c: Campaign) -> list[Row]:
    """Return the plan: its head, its phases with prices, then its hypotheses.

    Raises:
        UsageError: there is no plan yet.
    """
    if c.plan is None:
        raise UsageError(
            f"there is no plan yet: the campaign waits for {waiting_for(c)}", "ask again later; see status"
        )
    p = c.plan
    head: Row = {"part": "plan", "digest": c.plan_digest, "approved": c.approved, "budget_s": p.budget_ms / 1000}
    head |= {"detectable": p.detectable, "price_per_hour": p.price_per_hour}
    phases = [
        {"part": "phase", "phase": str(x.phase), "jobs": x.jobs, "cost_s": x.cost_ms / 1000, "purpose": x.purpose}
        for x in p.phases
    ]
    return [head, *phases, *({"part": "hypothesis", **_hypothesis(h)} for h in p.hypotheses)]


def why(config: Settings, c: Campaign, subject: str) -> list[Row]:
    """Return the reason for a state, a hypothesis, an experiment or a job, then the events that say so."""
    found = reading.why(c, history_of(journal(config), c.id), subject)
    head: Row = {"subject": found.subject, "reason": found.sentence}
    return [head, *({"seq": seq, "at": at, "event": key} for seq, at, key in found.events)]


def report(config: Settings, c: Campaign, section: str) -> list[Row]:
    """Return one section of the report's facts. Raises UsageError: there is no such section."""
    from rea.report.facts import facts_of
    from rea.report.facts.scores import scored

    if section not in SECTIONS:
        raise UsageError(f"there is no section {section!r}", f"one of: {', '.join(SECTIONS)}")
    if section == "proposers":
        return scored(c)
    facts = facts_of(c, history_of(journal(config), c.id))
    value = getattr(facts, section)
    rows = value if isinstance(value, tuple) else (value,)
    return [_plain(x) for x in rows if x is not None]


SECTIONS = (
    "launch",
    "tried",
    "compared",
    "guardrails",
    "failed",
    "floor",
    "calibration",
    "spending",
    "money",
    "touches",
    "proposers",
)


def insights(config: Settings, text: str, verdict: str) -> list[Row]:
    """Return what was learnt over all campaigns that holds every word of ``text``, the newest first."""
    if not config.has_store:
        return []
    wanted = Verdict(verdict) if verdict else None
    return [_insight(i) for i in reversed(app.insights(config).find(text, verdict=wanted))]


def levers(c: Campaign) -> list[Row]:
    """Return what may be turned and edited in a campaign's workload."""
    w = c.setup
    head: Row = {"part": "workload", "name": w.name, "primary": str(w.primary), "editable": list(w.editable)}
    head |= {"protected": list(w.protected), "guardrails": [str(g) for g in w.guardrails]}
    shown = ({"part": "lever", **asdict(x), "type": str(x.type), "role": str(x.role)} for x in w.levers)
    return [head, *shown]


def log(config: Settings, c: Campaign, job: str) -> list[str]:
    """Return the last lines of a job's log, the oldest first. Raises UsageError: there is no such job."""
    from rea.executor.contract.log import tail

    if job not in c.jobs:
        raise UsageError("there is no such job", "query what=jobs lists them")
    text = tail(config.campaign(c.id) / "jobs" / job, LOG_BYTES)
    return redacted(text).splitlines()  # as a whole: a key may go over many lines


def skills() -> dict[str, str]:
    """Return what each skill is for."""
    from rea.knowledge.skills.library import load

    return {skill.name: skill.description for skill in load().values()}


def skill(name: str) -> str:
    """Return one skill. Raises UsageError: there is none of that name."""
    from rea.knowledge.skills.library import named

    return named(name).body


def query(config: Settings, c: Campaign, what: str) -> list[Row]:
    """Return findings, hypotheses, experiments, jobs or requests of a campaign. Raises UsageError: none of these."""
    if what not in KINDS:
        raise UsageError(f"{what!r} cannot be queried", f"one of: {', '.join(KINDS)}")
    return list(KINDS[what](config, c))


def _findings(_: Settings, c: Campaign) -> Sequence[Row]:
    return [_finding(c, f) for f in c.findings.values()]


def _finding(c: Campaign, f: Finding) -> Row:
    told: Row = {"experiment": f.experiment, "change": str(c.experiments[f.experiment].change), "phase": str(f.phase)}
    told |= {"verdict": str(f.verdict), "effect": _effect(f.effect), "seeds": f.seeds, "fidelity": f.fidelity}
    return told | {"reason": f.reason}


def _hypotheses(_: Settings, c: Campaign) -> Sequence[Row]:
    return [_hypothesis(h) | {"rejected": c.rejected.get(h.id)} for h in c.hypotheses.values()]


def _experiments(_: Settings, c: Campaign) -> Sequence[Row]:
    return [_experiment(c, x) for x in c.experiments.values()]


def _experiment(c: Campaign, x: Experiment) -> Row:
    told: Row = {"experiment": x.id, "change": str(x.change), "fidelity": x.fidelity}
    return told | {"hypotheses": list(x.hypotheses), "reason": c.dropped.get(x.id, "")}


def _jobs(_: Settings, c: Campaign) -> Sequence[Row]:
    return [_job(r) for r in c.jobs.values()]


def _job(r: JobRecord) -> Row:
    told: Row = {"job": r.job.id, "change": str(r.job.change), "fidelity": r.job.fidelity, "seed": r.job.seed}
    told |= {"state": str(r.state), "cost_s": r.cost_ms / 1000, "reason": r.status.reason if r.status else ""}
    return told | {"remedy": r.treatment.remedy if r.treatment else "", "refused": r.refused}


def _requests(config: Settings, c: Campaign) -> Sequence[Row]:
    return [requested(r.id, str(r.kind), a) for r, a in asking.asked(config, c.id)]


def requested(name: str, kind: str, answer: Answer | None) -> Row:
    """Return what became of a request."""
    state = "waits_for_a_person" if answer is None else "accepted" if answer.accepted else "rejected"
    return {"request": name, "kind": kind, "state": state, "reason": answer.reason if answer else ""}


KINDS: Mapping[str, Callable[[Settings, Campaign], Sequence[Row]]] = {
    "findings": _findings,
    "hypotheses": _hypotheses,
    "experiments": _experiments,
    "jobs": _jobs,
    "requests": _requests,
}


def _hypothesis(h: Hypothesis) -> Row:
    told: Row = {"hypothesis": h.id, "change": str(h.change), "source": str(h.source), "technique": h.technique}
    told |= {"statement": h.statement, "rationale": h.rationale, "predicted": _effect(h.predicted), "cost": h.cost}
    return told | {"falsifier": h.falsifier, "citation": h.citation}


def _insight(i: Insight) -> Row:
    told: Row = {"change": i.change, "verdict": str(i.verdict), "predicted": _effect(i.predicted), "seeds": i.seeds}
    told |= {
        "measured": _effect(i.measured) if i.measured else None,
        "campaign": i.campaign,
        "cost_s": i.cost_ms / 1000,
    }
    return told | {"workload": i.setting.workload, "model": i.setting.model, "at": i.at, "reason": i.reason}


def _effect(e: Effect) -> Row:
    return {"value": e.value, "low": e.low, "high": e.high}


def _plain(value: object) -> Row:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else {"value": value}
