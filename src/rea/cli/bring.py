"""import: what a team has already becomes history, of lower standing than what was judged here."""

from dataclasses import asdict
from pathlib import Path

import click

from rea.cli.face import Face, command, percent
from rea.domain.insight import Insight
from rea.knowledge.importing.bring import Brought


@command(campaign=False)
@click.argument("kind", metavar="KIND")
@click.argument("place", metavar="PATH|URL")
@click.option(
    "--workload",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="The training repository.",
)
@click.option(
    "--metric", default="", help="THEIRS=OURS, such as val_ne=ne (default: the primary metric under its own name)."
)
@click.option("--map", "maps", multiple=True, help="THEIRS=LEVER; THEIRS= ignores a parameter. May be repeated.")
@click.option("--experiment", default="", help="The experiment, study or project, where a place holds several.")
@click.option("--data", default="", help="The data's fingerprint, if the runs had the same data as a campaign's.")
@click.option("--dry-run", is_flag=True, help="Show what would be kept, and keep nothing.")
def import_(face: Face, kind: str, place: str, directory: Path, dry_run: bool, **words: object) -> None:
    """Bring in runs of another tool: mlflow, optuna, wandb, tensorboard or table (CSV, Parquet).

    Parameters are levers by name, by role, or as --map says; nothing is guessed. What follows is kept as claims, which count less than judgements.
    """
    from rea.api.importing import asked_of, bring_in

    workload, asked = asked_of(kind, place, directory, **words)  # type: ignore[arg-type]
    brought = bring_in(face.config, workload, asked, keep=not dry_run)
    face.say("import", {**asdict(brought), "kept": not dry_run}, _text(brought, dry_run))


def _text(b: Brought, dry_run: bool) -> str:
    lines = [
        f"{b.used} of {b.runs} runs say something: {len(b.insights)} effects, {'nothing kept' if dry_run else f'kept as {b.campaign}'}"
    ]
    lines += [f"  {theirs} is the lever {lever}" for theirs, lever in b.matched.items()]
    lines += [f"  not matched though it varies, so never compared across: {name}" for name in b.unmatched]
    lines += [f"  left out: {text}" for text in b.left_out]
    lines += [f"  note: {text}" for text in b.remarks]
    return "\n".join(lines + [_line(i) for i in b.insights])


def _line(i: Insight) -> str:
    x = i.raw
    span = f"{percent(x.value)} [{percent(x.low)}, {percent(x.high)}]" if x else ""
    return f"  {i.moves[0]!s:<32} {span:<32} {i.change}; {i.reason}"
