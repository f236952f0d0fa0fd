"""init, check, start: from a repository to a campaign that runs by itself."""

import sys
from pathlib import Path

import click

from rea.api import deciding, reading, starting
from rea.campaign.advance import waiting_for
from rea.cli.face import Face, amount, command, duration, person, seconds
from rea.cli.read import five_lines
from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved
from rea.domain.ids import CampaignId
from rea.domain.plan import Checklist

DIRECTORY = click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")


@command(campaign=False)
@DIRECTORY
@click.option(
    "--example", type=click.Choice(["ranking"]), help="Copy and commit the built-in codebase into DIRECTORY instead."
)
@click.option("--setting", default="demo", help="Which log the example generates.")
@click.option(
    "--agents", is_flag=True, help="Write AGENTS.md instead: how coding agents may look, propose and ask here."
)
def init(face: Face, directory: Path, example: str | None, setting: str, agents: bool) -> None:
    """Write a commented workload.toml for a training repository, or an example repository."""
    from rea.executor.initial import example as copied
    from rea.executor.initial import write_agents, write_initial

    if agents:
        written = write_agents(directory)
        face.say("agents", {"path": str(written)}, f"{written}\nnext: read it, and commit it")
        return
    if example:
        commit = copied(example, directory, setting)
        text = f"{directory} holds the example at {commit[:12]}\nnext: rea start {directory} --budget 10m"
        face.say("init", {"directory": str(directory), "commit": commit}, text)
        return
    path = write_initial(directory)
    face.say(
        "init",
        {"path": str(path)},
        f"{path}\nnext: read its TODO lines, commit it, then rea check {directory} --budget 2h; for coding agents: rea init {directory} --agents",
    )


def requested(function: click.decorators.FC) -> click.decorators.FC:
    """Add what check and start ask for alike."""
    path = click.Path(path_type=Path, exists=True)
    for option in (
        click.option("--backend", help="Where jobs run: local, slurm or ray (default: $REA_BACKEND, else local)."),
        click.option(
            "--sandbox",
            type=click.Choice(["auto", "off", "required"]),
            help="Whether jobs run in a sandbox (default: $REA_SANDBOX, else [seal] in workload.toml, else auto).",
        ),
        click.option("--slots", type=int, help="Jobs at a time (default: the processors at hand)."),
        click.option("--ideas", type=path, help="A file of your own hypotheses (ideas.toml)."),
        click.option("--question", default="", help="What is asked, in your words."),
        click.option("--python", "python", help="The training's interpreter, if not what workload.toml states."),
        click.option("--money", type=float, default=0.0, help="Money that a language model may cost, in its prices."),
        click.option("--tokens", type=amount, default=0, help="Tokens that a language model may use: 200k (0: none)."),
        click.option("--budget", required=True, help="Device time in all: 90s, 20m, 2h, 1.5d."),
    ):
        function = option(function)
    return function


@command(campaign=False)
@DIRECTORY
@requested
def check(face: Face, directory: Path, budget: str, **asked: object) -> int:
    """Run the checklist that an engineer signs. Spends a smoke run, nothing else."""
    _, c = _check(face, directory, budget, asked)
    return 0 if _shown(face, c) else 1


@command(campaign=False)
@DIRECTORY
@requested
@click.option("--sign", is_flag=True, help="Sign the checklist if it passes: that grants calibration only.")
@click.option(
    "--install-timer", is_flag=True, help="Also install the timer that wakes campaigns whose wake-up was lost."
)
@click.option("--no-input", is_flag=True, help="Never ask; exit 10 where an answer is missing.")
@click.option("--by", help="Who signs (default: the user of this machine).")
def start(
    face: Face,
    directory: Path,
    budget: str,
    sign: bool,
    install_timer: bool,
    no_input: bool,
    by: str | None,
    **asked: object,
) -> int:
    """Check, sign, and begin calibration; then this command ends, and jobs wake the campaign."""
    name, c = _check(face, directory, budget, asked)
    assert c.checklist is not None
    if not (c.checklist.passed and face.as_json) and not _shown(face, c):  # one JSON object a call: the last word
        return 1
    if install_timer:
        _install_timer(face)
    if not sign and (
        no_input or not sys.stdin.isatty() or not click.confirm("Sign the checklist? It grants calibration only")
    ):
        raise NotApproved(
            "the checklist waits for a signature", f"rea approve -c {name} --digest {c.checklist.digest[:12]}"
        )
    from rea import app

    journal = app.journal(face.config)
    deciding.approve(journal, name, c, c.checklist.digest, person(by))
    c = starting.wake(face.config, name)
    facts = reading.status(c, waiting_for(c))
    face.say("status", facts, f"{five_lines(facts)}\nnext: rea watch -c {name}")
    return 0


def _shown(face: Face, c: Campaign) -> bool:
    """Show the checklist, and return whether it passed."""
    assert c.checklist is not None
    facts = {"campaign": c.id, "digest": c.checklist.digest, **checklist_values(c.checklist)}
    face.say("checklist", facts, checklist_page(c, c.checklist))
    return c.checklist.passed


def _check(face: Face, directory: Path, budget: str, asked: dict[str, object]) -> tuple[CampaignId, Campaign]:
    request = starting.Request(repository=directory, budget_s=duration(budget), **asked)  # type: ignore[arg-type]
    name = starting.check(face.config, request)
    return name, face.recall(name).now()


def _install_timer(face: Face) -> None:
    from rea.campaign.timer import install_timer

    starting.prepare(face.config)
    click.echo(f"timer: {install_timer(face.config.state)}", err=True)


def checklist_values(checklist: Checklist) -> dict[str, object]:
    """Return a checklist for programs."""
    checks = [{"name": x.name, "ok": x.ok, "detail": x.detail, "fix": x.fix} for x in checklist.checks]
    return {
        "checks": checks,
        "passed": checklist.passed,
        "seal": checklist.seal,
        "allowance_s": checklist.allowance_ms / 1000,
    }


def checklist_page(c: Campaign, checklist: Checklist) -> str:
    """Return a checklist for people."""
    lines = [f"checklist of {c.id}"]
    for item in checklist.checks:
        mark = "ok  " if item.ok else "NO  " if item.blocking else "note"
        lines.append(f"  {mark} {item.name:<12} {item.detail}")
        if not item.ok and item.fix:
            lines.append(f"       {'':<12} fix: {item.fix}")
    lines.append(f"signing grants {seconds(checklist.allowance_ms / 1000)} of device time, for calibration only")
    if checklist.calls.tokens:
        lines.append(f"and for proposing the plan: {checklist.calls.first}")
    verdict = (
        f"next: rea approve -c {c.id} --digest {checklist.digest[:12]}" if checklist.passed else "it does not pass yet"
    )
    return "\n".join([*lines, verdict])
