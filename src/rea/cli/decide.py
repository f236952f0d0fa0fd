"""amend, reject, approve, pause, resume, stop, steer: what a person decides."""

import click

from rea.api import deciding, proposing, reading, starting
from rea.campaign.advance import waiting_for
from rea.cli.face import BY, Face, amount, command, person, seconds
from rea.cli.read import five_lines
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import CampaignId, HypothesisId

REASON = click.option("--reason", default="", help="Why, for the record.")


@command()
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="NAME=VALUE",
    required=True,
    help="What the hypothesis sets; repeat for more.",
)
@click.option("--statement", default="", help="What is believed, in one sentence.")
@click.option("--predicted", type=float, default=0.0, help="The relative improvement expected, such as 0.003.")
@click.option("--replaces", help="The hypothesis that this one takes the place of.")
@BY
def amend(
    face: Face, overrides: tuple[str, ...], statement: str, predicted: float, replaces: str | None, by: str | None
) -> None:
    """Add a hypothesis, or put it in the place of another. The plan gets a new price and a new digest."""
    journal, name, c = face.chosen()
    new = proposing.idea(c, overrides, statement, predicted)
    old = proposing.hypothesis_named(c, replaces) if replaces else None
    deciding.amend(journal, name, new, person(by), old)
    _again(face, name, new)


@command()
@click.argument("hypothesis")
@REASON
@BY
def reject(face: Face, hypothesis: str, reason: str, by: str | None) -> None:
    """Remove a hypothesis before it runs."""
    journal, name, c = face.chosen()
    _again(face, name, deciding.reject(journal, name, c, hypothesis, reason, person(by)))


def _again(face: Face, name: CampaignId, what: Hypothesis | HypothesisId) -> None:
    c = starting.wake(face.config, name)
    shown = what if isinstance(what, str) else what.id
    face.say(
        "amended",
        {"hypothesis": shown, "digest": c.plan_digest},
        f"{shown}; the plan is now {c.plan_digest[:12]}: read it with rea plan",
    )


@command()
@click.option(
    "--digest", required=True, help="The digest of exactly what was shown, or its first 8 characters and more."
)
@click.option("--tokens", type=amount, help="Grant a language model fewer tokens than what waits names (0: none).")
@click.option("--money", type=float, help="Grant it less money.")
@BY
def approve(face: Face, digest: str, tokens: int | None, money: float | None, by: str | None) -> None:
    """Sign the checklist or approve the plan, whichever waits; one changed byte is another digest."""
    journal, name, c = face.chosen()
    less = None
    if tokens is not None or money is not None:
        less = deciding.lowered(c, tokens, money)
    granted = deciding.approve(journal, name, c, digest, person(by), less)
    c = starting.wake(face.config, name)
    calls = f" and {granted.calls}" if granted.calls.tokens else ""
    text = f"{granted.by} granted {seconds(granted.granted_ms / 1000)}{calls} for {granted.subject[:12]}"
    face.say("approval", granted, f"{text}\n{five_lines(reading.status(c, waiting_for(c)))}")


@command()
@REASON
@BY
def pause(face: Face, reason: str, by: str | None) -> None:
    """Launch nothing more for now; what runs goes on and is recorded."""
    journal, name, _ = face.chosen()
    deciding.pause(journal, name, reason, person(by))
    face.say("paused", {"campaign": name}, f"{name} is paused; next: rea resume -c {name}")


@command()
@BY
def resume(face: Face, by: str | None) -> None:
    """Go on after a pause."""
    journal, name, c = face.chosen()
    deciding.resume(journal, name, c, person(by))
    c = starting.wake(face.config, name)
    facts = reading.status(c, waiting_for(c))
    face.say("status", facts, five_lines(facts))


@command()
@REASON
@BY
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def stop(face: Face, reason: str, by: str | None, yes: bool) -> None:
    """End the campaign: what runs is cancelled, what was learnt is kept."""
    journal, name, _ = face.chosen()
    if not yes and not face.as_json:
        click.confirm(f"End {name}?", abort=True)
    deciding.stop(journal, name, reason, person(by))
    c = starting.wake(face.config, name)
    face.say("stopped", {"campaign": name}, f"{name}: {waiting_for(c)}")


@command()
@click.argument("wish", type=click.Choice(deciding.WISHES))
@click.argument("target", default="")
@BY
def steer(face: Face, wish: str, target: str, by: str | None) -> None:
    """finish: go to Confirmation now. drop ID: give up a hypothesis or an experiment."""
    journal, name, c = face.chosen()
    deciding.steer(journal, name, c, wish, target, person(by))
    c = starting.wake(face.config, name)
    face.say("steered", {"wish": wish, "target": target}, f"{name}: {wish} {target}".rstrip())
