"""export: what was recorded, as lines for other programs."""

import json

import click

from rea.api import exporting
from rea.api.campaigns import resolve
from rea.cli.face import Face, command


@command()
@click.argument("what", type=click.Choice(["hypotheses"]))
@click.option("--jsonl", is_flag=True, default=True, help="One JSON object a line (the only format there is).")
def export(face: Face, what: str, jsonl: bool) -> None:
    """Hypotheses with rationale, prediction, context and outcome, of all campaigns or of one (-c), for training a model of your own."""
    journal = face.journal()
    only = resolve(journal, face.campaign) if face.campaign else None
    for row in exporting.hypotheses(face.config, only):
        click.echo(json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False))
