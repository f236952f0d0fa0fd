"""patch: changes in code, as a file or made by a program; each enters by the same gate."""

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rea.api import patching, starting
from rea.cli.face import BY, Face, command, person
from rea.cli.read import patch_lines
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.executor.implement import Order


@click.group(epilog="Each takes --state, -c, --json and -v, as every command.")
def patch() -> None:
    """Changes in code: tried in a sandbox, let in by one gate, approved with the plan by digest."""


def _claimed(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        BY,
        click.option("--predicted", type=float, default=0.0, help="The relative improvement expected, such as 0.003."),
        click.option(
            "--cost",
            default=1.0,
            help="How many times as long a training takes with it; what costs more is left to a person.",
        ),
        click.option("--statement", required=True, help="What is believed, in one sentence."),
        click.option(
            "--lever",
            "levers",
            multiple=True,
            required=True,
            metavar="NAME[=OFF:ON[:LOW:HIGH]]",
            help="What the patch adds, off by default; repeat for more.",
        ),
    ):
        function = option(function)
    return function


@command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_claimed
def add(face: Face, file: Path, **claimed: Any) -> None:
    """Let the diff in FILE through the gate; its hypothesis joins the plan, which gets a new price and a new digest."""
    _, name, c = face.chosen()
    claimed["by"] = person(claimed["by"])
    _enter(face, name, c, patching.read_diff(file), patching.Claim(**claimed))


@command()
@click.option(
    "--command", "asked", required=True, help="The program and its words, such as 'agent --task {task}'. No shell."
)
@click.option("--task", required=True, help="What is to be changed; @FILE for the text of a file.")
@click.option(
    "--read", multiple=True, metavar="PATH", help="What the program needs to read, such as where it is installed."
)
@click.option(
    "--reach",
    default="",
    metavar="HOST:PORT",
    help="The one address that it may reach, as that port of its own loopback.",
)
@click.option("--limit", default=1800.0, help="Seconds that it may take.")
@click.option(
    "--keep", type=click.Path(path_type=Path, dir_okay=False), help="Also write the diff here, before the gate."
)
@_claimed
def make(
    face: Face,
    asked: str,
    task: str,
    read: tuple[str, ...],
    reach: str,
    limit: float,
    keep: Path | None,
    **claimed: Any,
) -> None:
    """Have a program make a patch: it gets a plain copy of the editable paths, no secrets, and no network but --reach; then as add."""
    _, name, c = face.chosen()
    text = Path(task[1:]).read_text() if task.startswith("@") else task
    order = Order(task=text, argv=tuple(shlex.split(asked)), read=_absolute(read), time_limit_s=limit, reach=reach)
    diff = patching.make(face.config, name, c, order)
    if keep is not None:
        keep.write_bytes(diff.encode(errors="surrogateescape"))
    claimed["by"] = person(claimed["by"])
    _enter(face, name, c, diff, patching.Claim(**claimed))


def _absolute(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(Path(path).expanduser().absolute()) for path in paths)


def _enter(face: Face, name: CampaignId, c: Campaign, diff: str, claim: patching.Claim) -> None:
    event, hypothesis = patching.add(face.config, name, c, diff, claim)
    c = starting.wake(face.config, name)
    told = {
        "patch": event.patch.digest,
        "hypothesis": hypothesis.id,
        "digest": c.plan_digest,
        "gate": [asdict(x) for x in event.checks],
    }
    lines = [*patch_lines(event), f"{hypothesis.id}; the plan is now {c.plan_digest[:12]}: read it with rea plan"]
    face.say("patch", told, "\n".join(lines))


@command()
def list_(face: Face) -> None:
    """The patches of a campaign: those that passed, and why others did not."""
    journal, name, c = face.chosen()
    refused = patching.refusals(journal, name)
    told = {"admitted": [asdict(p) for p in c.patches.values()], "refused": [asdict(p) for p in refused]}
    lines = [line for p in c.patches.values() for line in patch_lines(p)]
    lines += [f"refused {p.patch[:12]}: {p.reason}" for p in refused]
    face.say("patches", told, "\n".join(lines) or "none yet: rea patch add FILE --lever NAME --statement '...'")


@command()
@click.argument("digest")
def show(face: Face, digest: str) -> None:
    """Every byte of a patch, as an approval of its plan covers it."""
    _, _, c = face.chosen()
    event, text = patching.shown(face.config, c, digest)
    face.say("patch", {**asdict(event), "text": text}, "".join(map(_visible, text)))


def _visible(ch: str) -> str:
    return ch if ch in "\n\t" or ch.isprintable() else f"\\u{ord(ch):04x}"  # nothing moves the cursor or hides a line


for each in (add, make, list_, show):
    patch.add_command(each)
