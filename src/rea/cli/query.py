"""insights and query: what was learnt, and everything that was recorded."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from rea.agent.question import NoModel
from rea.api.campaigns import history_of, resolve
from rea.api.learning import SOURCE_HEADER, line, source_records
from rea.api.reading import SCHEMA
from rea.cli.face import Face, command, percent
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.evidence import Finding, Verdict
from rea.domain.insight import Insight, Standing

VERDICT = click.option("--verdict", type=click.Choice([str(v) for v in Verdict]), help="Only these.")


@command(campaign=False)
@click.argument("text", default="")
@click.option("--technique", default="", help="Only this technique.")
@click.option("--sources", is_flag=True, help="How good each source of hypotheses has been instead.")
@click.option(
    "--explain",
    "account",
    default="",
    metavar="CAMPAIGN",
    help="Add prose by the language model of CAMPAIGN, on its account.",
)
@VERDICT
def insights(face: Face, text: str, technique: str, sources: bool, account: str, verdict: str | None) -> None:
    """What was learnt, over all campaigns; the refuted and the failed too."""
    from rea import app

    if not face.config.has_store:
        raise UsageError("nothing was learnt yet: there is no store", "run a campaign: rea start DIRECTORY --budget 2h")
    if sources:
        _sources(face, app.insights(face.config).all())
        return
    found = app.insights(face.config).find(text, technique=technique, verdict=Verdict(verdict) if verdict else None)
    for i in found:
        measured = (
            f"{percent(i.measured.value)} [{percent(i.measured.low)}, {percent(i.measured.high)}]"
            if i.measured
            else "not measured"
        )
        claimed = ", claimed, not judged" if i.standing is Standing.CLAIMED else ""
        where = f"{i.setting.model} on {i.setting.workload}, {i.campaign}{claimed}"
        line = f"{i.verdict:<12} {measured:<30} {i.change}  ({where})"
        face.say("insight", asdict(i), line)
    if not found and not face.as_json:
        click.echo("nothing matches")
    if account:
        _explained(face, account, bool(text or technique or verdict))


def _explained(face: Face, account: str, filtered: bool) -> None:
    """Say in prose what all insights say; a number that does not stand in them takes its sentence with it."""
    from rea import app
    from rea.api import explaining
    from rea.report.prose.explain import beside

    if filtered:
        raise UsageError("prose is about all that was learnt, not about a part", "leave out the filter, or --explain")
    journal = face.journal()
    model = app.model(face.config, face.recall(resolve(journal, account)), journal)
    if isinstance(model, NoModel):
        raise UsageError(f"{account} asks no language model", "name a campaign that was started with --tokens")
    prose = explaining.insights(model, app.insights(face.config).all())
    none = "\nthe language model said nothing that stands"
    face.say("prose", asdict(prose) if prose else {"sentences": []}, beside(prose) or none)


def _sources(face: Face, told: Sequence[Insight]) -> None:
    found = source_records(told)
    if not face.as_json:
        click.echo(SOURCE_HEADER if found else "no source had a hypothesis tested yet")
    for record in found:
        face.say("source", asdict(record), line(record))


@command()
@click.argument(
    "what", type=click.Choice(["findings", "hypotheses", "experiments", "jobs", "events"]), default="findings"
)
@VERDICT
def query(face: Face, what: str, verdict: str | None) -> None:
    """Findings, hypotheses, experiments or jobs of a campaign; or its events as versioned JSONL."""
    journal, name, c = face.chosen()
    if what == "events":
        from rea.store import codec

        for line in codec.to_jsonl(history_of(journal, name)):
            click.echo(line.rstrip())
        return
    for row, text in rows(c, what, verdict):
        click.echo(json.dumps({"schema": SCHEMA, "kind": what, **row}, default=str) if face.as_json else text)


def rows(c: Campaign, what: str, verdict: str | None) -> list[tuple[dict[str, object], str]]:
    """Return what was asked for, each as a JSON object and as a line."""
    if what == "hypotheses":
        return [
            (asdict(h), f"{h.id}  {h.source:<9} {h.change}  predicted {percent(h.predicted.value)}")
            for h in c.hypotheses.values()
        ]
    if what == "experiments":
        return [
            (asdict(e), f"{e.id}  {e.fidelity:<8} {e.change}  {c.dropped.get(e.id, '')}")
            for e in c.experiments.values()
        ]
    if what == "jobs":
        return [
            (asdict(r), f"{r.job.id}  {r.state:<10} {r.cost_ms / 1000:7.1f} s  {r.job.change}") for r in c.jobs.values()
        ]
    wanted = [f for f in c.findings.values() if verdict in (None, str(f.verdict))]
    return [(asdict(f), _line(c, f)) for f in wanted]


def _line(c: Campaign, f: Finding) -> str:
    span = f"{percent(f.effect.value)} [{percent(f.effect.low)}, {percent(f.effect.high)}]"
    return f"{f.phase:<13} {f.verdict:<12} {span:<32} {f.seeds} seeds  {c.experiments[f.experiment].change}"
