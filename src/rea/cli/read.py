"""status, watch, why, logs, report: reading, which changes nothing."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from rea.api import reading
from rea.api.campaigns import history_of
from rea.campaign.advance import waiting_for
from rea.cli.face import Face, command, percent, seconds
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import PatchAdmitted
from rea.domain.job import JobState
from rea.domain.wanted import WantedPatch
from rea.report import foreign

POLL_S = 1.0


@command()
@click.option("--exit-code", is_flag=True, help="Exit with the code of where the campaign stands, not with 0.")
def status(face: Face, exit_code: bool) -> int:
    """Where a campaign stands, in five lines."""
    _, _, c = face.chosen()
    facts = reading.status(c, waiting_for(c))
    face.say("status", facts, five_lines(facts))
    return reading.exit_code(c) if exit_code else 0


def five_lines(s: reading.Status) -> str:
    """Return a status for people."""
    best = "nothing better than the baseline yet"
    if s.best_effect is not None:
        span = f"[{percent(s.best_effect.low)}, {percent(s.best_effect.high)}]"
        best = f"{s.best}: {percent(s.best_effect.value)} better {span}, {s.best_seeds} seeds, labels {s.seal.replace('_', ' ')}"
    return "\n".join(
        (
            f"{s.campaign}: {s.state.replace('_', ' ')}" + (f", {s.phase}, round {s.round}" if s.phase else ""),
            f"spent    {seconds(s.spent_s)} of {seconds(s.granted_s or s.budget_s)} granted, {seconds(s.held_s)} held for running jobs"
            + (f"; {s.tokens:,} of {s.tokens_granted:,} tokens, {s.money:.2f} in money" if s.tokens_granted else ""),
            f"jobs     {s.running} running, {s.jobs} so far for {s.experiments} experiments, {s.failures} failed",
            f"best     {best}",
            f"waits    for {s.waiting_for}" + (f" (digest {s.digest[:12]})" if s.digest else ""),
        )
    )


@command()
@click.option(
    "--until",
    type=click.Choice(["decision", "end"]),
    default="decision",
    help="Return when a person is needed, or only at the end.",
)
def watch(face: Face, until: str) -> int:
    """Follow a campaign. Close it at any time: nothing depends on it."""
    journal, name, _ = face.chosen()
    seen, recall = 0, face.recall(name)
    while True:
        fresh = journal.read(name, seen)
        c = recall.now()
        for recorded in fresh:
            if line := told(c, recorded.event):
                face.say(
                    "event", {"seq": recorded.seq, "at": recorded.at, "text": line}, f"{recorded.at[11:19]}  {line}"
                )
        seen += len(fresh)
        code = reading.exit_code(c)
        if c.ended or (until == "decision" and code in (10, 12)):
            return code
        time.sleep(POLL_S)


def told(c: Campaign, event: object) -> str:
    """Return one line about an event worth a line, or nothing."""
    from rea.domain import event as e

    match event:
        case e.PhaseOpened(phase=phase, reason=reason) | e.ReplicatesAdded(phase=phase, reason=reason):
            return f"{phase}: {reason}"
        case e.PatchAdmitted() as admitted:
            return patch_lines(admitted)[0]
        case e.PatchRefused(patch=digest, reason=reason):
            return f"patch {digest[:12]} refused: {reason}"
        case e.BranchMade(branch=branch, commit=commit):
            return f"branch {branch} made at {commit[:12]}"
        case e.Calibrated(noise=n):
            return f"noise known: with this budget you can detect >= {n.detectable:.2%} of relative improvement"
        case e.PlanDrafted(plan=p):
            return f"plan drafted: {len(p.hypotheses)} hypotheses, digest {p.digest[:12]}"
        case e.PlanApproved(approval=a) | e.ChecklistSigned(approval=a):
            return f"{a.by} granted {a.granted_ms / 1000:.0f} device-seconds for {a.subject[:12]}"
        case e.CallSettled(why=why) if why:
            return f"the language model gave no reply: {why}"
        case e.PhaseClosed(phase=phase, findings=found) if found:
            best = max(found, key=lambda f: f.raw)
            return f"{phase} found: best {c.experiments[best.experiment].change} {percent(best.raw)} ({best.verdict})"
        case e.Paused(reason=reason):
            return f"paused: {reason}"
        case e.TestOpened(opening=o):
            return f"test rows opened, opening {o.number} of this data"
        case e.Concluded(proposal=p):
            return f"concluded: {p.outcome}, {p.reason}"
        case _:
            return _told_of_failures(event)


def _told_of_failures(event: object) -> str:
    from rea.domain import event as e

    match event:
        case e.JobEnded(job=job, status=ended) if ended.state is not JobState.SUCCEEDED:
            return f"{job} {ended.state}: {ended.reason}"
        case e.RunStopped(job=job, forecast=f):
            return f"{job} stopped: its curve would end {percent(f.value)}, at the best {percent(f.high)}"
        case e.JobTreated(job=job, treatment=t):
            return f"{job} {t.entry}: {t.remedy}, {t.reason}"
        case e.DiagnosisOpened(job=job):
            return f"{job}: no entry of the runbook knows why; looking into it by smaller reruns"
        case e.Diagnosed(diagnosis=d):
            return f"{d.job} diagnosed: {d.fault}, {d.reason}"
        case e.CauseSuggested(suggestion=s) if s.cause is not None:
            return (
                f"{s.job}: a reader of its log suggests {s.cause}, remedy {s.remedy}; not believed before it is tried"
            )
        case e.ShareGranted(number=number, granted_ms=granted):
            return f"tranche {number} of its portfolio: {granted / 1000:.0f} device-seconds granted in all"
        case e.ShareClosed(reason=reason):
            return f"no further tranche: {reason}"
        case e.RemedyTried(trial=t):
            return f"{t.job}: the suggested remedy {'held' if t.held else 'did not hold'} in {t.rerun}"
        case _:
            return ""


@command()
@click.argument("subject", default="")
def why(face: Face, subject: str) -> None:
    """The reason for a state, a hypothesis, an experiment or a job (by its id; none: the campaign)."""
    journal, name, c = face.chosen()
    found = reading.why(c, history_of(journal, name), subject)
    events = "\n".join(f"  {seq:>5}  {at[:19]}  {key}" for seq, at, key in found.events)
    face.say("why", found, f"{found.subject}\n  {found.sentence}\n{events}")


@command()
@click.argument("job")
@click.option("-n", "limit", default=8192, help="Bytes from the end.")
def logs(face: Face, job: str, limit: int) -> None:
    """The end of a job's log."""
    from rea.executor.contract.log import tail

    _, name, c = face.chosen()
    found = [j for j in c.jobs if j.startswith(job)]
    if not found:
        raise UsageError(f"no job of {name} begins with {job!r}", "rea query jobs lists them")
    text = tail(face.config.campaign(name) / "jobs" / found[-1], limit)
    face.say("log", {"job": found[-1], "text": text}, text)


@command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it (default: the campaign's directory).",
)
def report(face: Face, out: Path | None) -> None:
    """Write the report: one HTML file with plots, and Markdown."""
    from rea import app
    from rea.api import evidence
    from rea.api.learning import source_records
    from rea.report import write
    from rea.report.facts.scores import scored

    journal, name, c = face.chosen()
    html, markdown = write(
        c,
        history_of(journal, name),
        out or face.config.campaign(name) / "report",
        outside=evidence.of(face.config, name),
        sources=source_records(app.insights(face.config).all()),
        model=app.model(face.config, app.recall_of(face.config, name), journal),
    )
    face.say(
        "report",
        {"html": str(html), "markdown": str(markdown), "proposers": scored(c)},
        f"{html}\n{markdown}\nThis is a recommendation; nothing was deployed.",
    )


def patch_lines(event: PatchAdmitted) -> list[str]:
    """Return a patch in a few lines: its size and paths, the levers that it adds, what the gate tried."""
    short = event.patch.digest[:12]
    levers = ", ".join(f"{v.name} ({v.type}, off at {v.default}{_range(v.low, v.high)})" for v in event.levers)
    return [
        f"patch {short}: +{event.added} -{event.removed} lines in {', '.join(event.patch.paths)}; adds {levers}",
        *(f"    {check.name}: {check.detail}" for check in event.checks),
        f"    every byte: rea patch show {short}",
    ]


def wish_lines(found: Sequence[tuple[WantedPatch, str]]) -> list[str]:
    """Return wishes in a few lines each: their words, files and ground, and the command or the hypothesis that came of them."""
    lines = []
    for w, hypothesis in found:
        span = f"{percent(w.predicted.value)} [{percent(w.predicted.low)}, {percent(w.predicted.high)}]"
        lines += [
            f"wanted {w.id}: {foreign.line(w.statement)}",
            f"    in {', '.join(w.paths)}; predicted {span}; {foreign.line(w.why)}",
            f"    {f'in the plan as {hypothesis}' if hypothesis else f'rea patch make --wanted {w.id}'}",
        ]
    return lines


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f", {low:g} to {high:g}"
