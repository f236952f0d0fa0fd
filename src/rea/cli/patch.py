"""patch: changes in code, as a file or made by a model or a program; each enters by the same gate."""

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rea.api import patching, starting, writing
from rea.cli.face import BY, Face, command, person
from rea.cli.read import patch_lines, wish_lines
from rea.domain.errors import UsageError
from rea.domain.event import PatchAdmitted
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import CampaignId
from rea.executor.implement import Order
from rea.executor.implement.words import Words


@click.group(epilog="Each takes --state, -c, --json and -v, as every command.")
def patch() -> None:
    """Changes in code: tried in a sandbox, let in by one gate, approved with the plan by digest."""


PREDICTED = click.option(
    "--predicted", type=float, default=0.0, help="The relative improvement expected, such as 0.003."
)
COST = click.option(
    "--cost", default=1.0, help="How many times as long a training takes with it; what costs more is left to a person."
)
KEEP = click.option(
    "--keep", type=click.Path(path_type=Path, dir_okay=False), help="Also write the diff here, before the gate."
)


def _claimed(required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that say what a patch is for."""

    def add_to(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            BY,
            PREDICTED,
            COST,
            click.option("--statement", required=required, default="", help="What is believed, in one sentence."),
            click.option(
                "--lever",
                "levers",
                multiple=True,
                required=required,
                metavar="NAME[=OFF:ON[:LOW:HIGH]]",
                help="What the patch adds, off by default; repeat for more.",
            ),
        ):
            function = option(function)
        return function

    return add_to


@command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_claimed(required=True)
def add(face: Face, file: Path, **claimed: Any) -> None:
    """Let the diff in FILE through the gate; its hypothesis joins the plan, which gets a new price and a new digest."""
    _, name, c = face.chosen()
    claimed["by"] = person(claimed["by"])
    claim = patching.Claim(**claimed)
    _entered(face, name, patching.add(face.config, name, c, patching.read_diff(file), claim))


@command()
@click.argument("words", default="")
@click.option("--wanted", default="", metavar="ID", help="Make what the model wished for: see rea patch wanted.")
@click.option("--path", "paths", multiple=True, help="With words: a file that it is about; repeat for more.")
@click.option(
    "--command", "asked", default="", help="A program and its words, such as 'agent --task {task}'. No shell."
)
@click.option("--task", default="", help="With --command: what is to be changed; @FILE for the text of a file.")
@click.option("--read", multiple=True, metavar="PATH", help="What the program needs to read: where it is installed.")
@click.option(
    "--reach",
    default="",
    metavar="HOST:PORT",
    help="With --command: the one address that it may reach, as that port of its own loopback.",
)
@click.option("--limit", default=1800.0, help="Seconds that the program may take.")
@KEEP
@_claimed(required=False)
def make(face: Face, words: str, wanted: str, asked: str, keep: Path | None, **told: Any) -> None:
    """Have a patch made of WORDS by the campaign's language model, or by a program (--command); then as add.

    A model answers with replacements of text, which we make; a program gets a copy of the editable paths, no secrets, and no network but --reach.
    """
    if [bool(words), bool(wanted), bool(asked)].count(True) != 1:
        raise UsageError("a patch is made of WORDS, of --wanted ID, or by a --command", "say one of them")
    told["by"] = person(told["by"])
    if asked:
        _by_a_program(face, asked, keep, told)
    else:
        _by_the_model(face, words, wanted, keep, told)


def _by_a_program(face: Face, asked: str, keep: Path | None, told: dict[str, Any]) -> None:
    missing = [
        f"--{name}"
        for name, key in (("task", "task"), ("lever", "levers"), ("statement", "statement"))
        if not told[key]
    ]
    if missing or told.pop("paths"):
        raise UsageError("--command goes with --task, --lever and --statement, and without --path", " ".join(missing))
    _, name, c = face.chosen()
    task, limit, reach = told.pop("task"), told.pop("limit"), told.pop("reach")
    text = Path(task[1:]).read_text() if task.startswith("@") else task
    read = tuple(str(Path(path).expanduser().absolute()) for path in told.pop("read"))
    order = Order(task=text, argv=tuple(shlex.split(asked)), read=read, time_limit_s=limit, reach=reach)
    diff = patching.make(face.config, name, c, order)
    _keeping(keep)(diff)
    _entered(face, name, patching.add(face.config, name, c, diff, patching.Claim(**told)))


def _by_the_model(face: Face, words: str, wanted: str, keep: Path | None, told: dict[str, Any]) -> None:
    if told["task"] or told["levers"] or told["read"] or told["reach"]:
        raise UsageError(
            "--task, --lever, --read and --reach go with --command", "the model says itself which levers it adds"
        )
    _, name, c = face.chosen()
    wish = writing.wish(face.config, c, wanted) if wanted else None
    meant = Words(statement=wish.statement if wish else words, paths=wish.paths if wish else told["paths"])
    statement = wish.statement if wish else told["statement"] or " ".join(meant.statement.split())
    claim = patching.Claim(
        levers=(), statement=statement, predicted=told["predicted"], by=told["by"], cost=told["cost"], wish=wish
    )
    _entered(face, name, writing.made(face.config, name, c, meant, claim, _keeping(keep)))


def _keeping(keep: Path | None) -> Callable[[str], None]:
    return lambda diff: None if keep is None else _write(keep, diff)


def _write(path: Path, diff: str) -> None:
    path.write_bytes(diff.encode(errors="surrogateescape"))


def _entered(face: Face, name: CampaignId, made: tuple[PatchAdmitted, Hypothesis]) -> None:
    event, hypothesis = made
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
def wanted(face: Face) -> None:
    """What the model wished for and no lever expresses, in words, and what became of it."""
    _, _, c = face.chosen()
    found = writing.wished(face.config, c)
    told = [{**asdict(w), "id": w.id, "hypothesis": hypothesis} for w, hypothesis in found]
    face.say("wanted", {"wanted": told}, "\n".join(wish_lines(found)) or 'nothing: rea patch make "WORDS"')


@command()
def list_(face: Face) -> None:
    """The patches of a campaign: those that passed, and why others did not."""
    journal, name, c = face.chosen()
    refused = patching.refusals(journal, name)
    told = {"admitted": [asdict(p) for p in c.patches.values()], "refused": [asdict(p) for p in refused]}
    lines = [line for p in c.patches.values() for line in patch_lines(p)]
    lines += [f"refused {p.patch[:12] or 'words'}: {p.reason}" for p in refused]
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


for each in (add, make, wanted, list_, show):
    patch.add_command(each)
