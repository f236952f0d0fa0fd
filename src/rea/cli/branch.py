"""branch: a winner as one commit in the user's repository."""

from dataclasses import replace

import click

from rea.api import branching
from rea.cli.face import BY, Face, command, person


@command()
@click.argument("named", metavar="[CAMPAIGN]", required=False)
@click.option("--name", default="", help="What to call the branch (default: rea/CAMPAIGN).")
@BY
def branch(face: Face, named: str | None, name: str, by: str | None) -> None:
    """Make a branch of the winner: patches, settings, evidence. Your working tree, index, hooks and branches stay as they are."""
    _, campaign, c = replace(face, campaign=named or face.campaign).chosen()
    made = branching.make(face.config, campaign, c, name, person(by))
    lines = f"{made.branch} is {made.commit[:12]}\nread it: git -C {c.repository} show {made.branch}"
    face.say("branch", made, lines)
