"""runbook: your own entries, what they have earned, and your word on whether one was right."""

from dataclasses import asdict

import click

from rea.api import runbook as book
from rea.cli.face import Face, command, person


@command()
@click.option("--right", metavar="JOB", help="Your entry in shadow was right about why this job failed.")
@click.option("--wrong", metavar="JOB", help="Your entry was wrong about it; it falls, or stays, in shadow.")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--by", help="Who decides (default: the user of this machine).")
def runbook(face: Face, right: str | None, wrong: str | None, reason: str, by: str | None) -> None:
    """List your own runbook entries and their standing, or say whether one was right."""
    from rea import app

    job = right or wrong
    if job:
        journal, _, c = face.chosen()
        told = book.judge(journal, app.runbook(face.config)[0], c, job, bool(right), person(by), reason)
        word = "right" if told.agrees else "wrong"
        face.say("entry", told, f"{told.name} was {word} about {told.replicate}, says {told.by}")
        return
    found = book.earned(app.journal(face.config), app.runbook(face.config)[0])
    lines = [f"  {e.name:<24} {e.standing:<8} right {e.right}, wrong {e.wrong}; {e.next}" for e in found]
    nothing = f"you have no entries of your own in {face.config.runbook}; docs/runbook.md says how one is written"
    face.say("runbook", {"entries": [asdict(e) for e in found]}, "\n".join(lines) or nothing)
