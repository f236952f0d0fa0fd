"""wake: what jobs and the timer call, and anyone may, at any time."""

import click

from rea.api import reading, starting
from rea.campaign.advance import waiting_for
from rea.cli.face import Face, command
from rea.cli.read import five_lines


@command()
@click.option("--due", is_flag=True, help="Every campaign that is owed a look: for cron or a user timer.")
def wake(face: Face, due: bool) -> None:
    """Advance a campaign until nothing is left to do at once."""
    if due:
        starting.wake_due(face.config)
        face.say("woken", {"due": True}, "woke what was due")
        return
    _, name, _ = face.chosen()
    c = starting.wake(face.config, name)
    facts = reading.status(c, waiting_for(c))
    face.say("status", facts, five_lines(facts))
