"""evidence and note: what is known from outside, kept beside verdicts and entering none."""

from dataclasses import asdict
from pathlib import Path

import click

from rea.api import evidence as kept
from rea.api.campaigns import resolve
from rea.cli.face import BY, Face, command, percent, person
from rea.domain.errors import UsageError
from rea.report.facts.outside import Beside, OutsideFacts, outside_of


@command()
@click.argument("verb", type=click.Choice(["list", "add"]), default="list")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@BY
def evidence(face: Face, verb: str, file: Path | None, by: str | None) -> None:
    """Online results and notes about a campaign; ``add FILE`` imports results from CSV or JSON. No verdict, prior or finding changes."""
    _, name, c = face.chosen()
    if verb == "add":
        if file is None:
            raise UsageError("no file was named", "rea evidence add FILE.csv")
        new, all_ = kept.add(face.config, c, file, person(by))
        text = f"{new} new of {all_} results, kept beside {name}; no verdict changes. next: rea evidence -c {name}"
        face.say("evidence", {"campaign": name, "new": new, "rows": all_}, text)
        return
    facts = outside_of(c, kept.of(face.config, name))
    face.say("evidence", {**asdict(facts), "agree": facts.agree, "clear": facts.clear}, page(facts))


def page(facts: OutsideFacts) -> str:
    """Return the evidence for people."""
    lines = [_line(x) for x in facts.results]
    lines += [f"{when}  {who}{f' on {about}' if about else ''}: {text}" for when, who, about, text in facts.notes]
    if facts.clear:
        lines.append(f"offline and online agree in sign in {facts.agree} of {facts.clear} that are clear in both")
    return "\n".join(lines) or "nothing from outside is known"


def _line(x: Beside) -> str:
    span = f"{percent(x.online.value)} [{percent(x.online.low)}, {percent(x.online.high)}]"
    return f"{x.kind:<8} {x.metric:<16} {span:<32} {x.says:<10} offline: {x.verdict:<26} {x.change}  ({x.source})"


@command(campaign=False)
@click.argument("about", metavar="CAMPAIGN")
@click.argument("text")
@click.option("--on", "subject", default="", help="A hypothesis or an experiment that it is about.")
@BY
def note(face: Face, about: str, text: str, subject: str, by: str | None) -> None:
    """Write down what you saw, with your name, for the report. It changes no verdict."""
    name = resolve(face.journal(), about)
    written = kept.note(face.config, face.recall(name).now(), text, subject, person(by))
    face.say("note", {"id": written.id, **asdict(written)}, f"{written.id} is kept beside {name}")
