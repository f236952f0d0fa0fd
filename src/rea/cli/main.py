"""The command group. A command's module is imported only when it is called, so that help and completion are fast."""

import sys
from importlib import import_module

import click

COMMANDS = {
    "init": ("start", "write a commented workload.toml, or an example repository"),
    "check": ("start", "run the checklist that an engineer signs; nothing but a smoke run is spent"),
    "start": ("start", "check, sign, and begin calibration"),
    "doctor": ("doctor", "look at this installation: store, timer, sandbox, disk"),
    "plan": ("plan", "show the plan: hypotheses, prices, what it can detect, the digest; --dry-run plays it"),
    "amend": ("decide", "add or edit a hypothesis; the plan is priced anew"),
    "patch": ("patch", "changes in code: add a diff, have one made, list and show them"),
    "reject": ("decide", "remove a hypothesis; the plan is priced anew"),
    "approve": ("decide", "sign the checklist or approve the plan, by digest"),
    "pause": ("decide", "launch nothing more for now"),
    "resume": ("decide", "go on after a pause"),
    "stop": ("decide", "end the campaign; what was learnt is kept"),
    "runbook": ("runbook", "your own runbook entries and what they have earned; say whether one was right"),
    "steer": ("decide", "go to Confirmation now, or drop a hypothesis"),
    "status": ("read", "where a campaign stands, in five lines"),
    "portfolio": ("portfolio", "several models under one budget: one signature, one approval, one report"),
    "watch": ("read", "follow a campaign; close it at any time, nothing depends on it"),
    "why": ("read", "the reason for a state, a hypothesis, an experiment or a job"),
    "logs": ("read", "the end of a job's log"),
    "report": ("read", "write the report: HTML and Markdown"),
    "replay": ("replay", "take every decision of a campaign anew from what is recorded, and compare; nothing is asked"),
    "branch": ("branch", "make one reviewable branch of the winner in your repository"),
    "import": ("bring", "bring in the runs of MLflow, Optuna, W&B, TensorBoard, CSV or Parquet, as claims"),
    "insights": ("query", "what was learnt, over all campaigns"),
    "query": ("query", "experiments and events of a campaign"),
    "export": ("export", "hypotheses with their outcomes as JSONL"),
    "evidence": ("evidence", "online results beside the verdicts they speak of; add FILE imports some"),
    "note": ("evidence", "write down what you saw about a campaign"),
    "skills": ("skills", "knowledge in words: metrics, curves, hygiene, adopting, verdicts"),
    "requests": ("requests", "what programs ask for; accept or reject it"),
    "mcp": ("mcp", "serve coding agents over MCP: they read and request, never approve"),
    "wake": ("wake", "advance what is due; safe at any time, as often as you like"),
}


class Lazy(click.Group):
    """Knows its commands by name and loads each from its module on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = vars(import_module(f"rea.cli.{COMMANDS[name][0]}"))
        command: click.Command = module.get(name) or module[f"{name}_"]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ranking-engineer-agent", prog_name="rea")
def rea() -> None:
    """An autonomous ranking engineer: experiments on your model, inside a budget you approve. It recommends; it never deploys."""


def main() -> None:
    """Run the command line and exit with its documented code."""
    try:
        sys.exit(rea.main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
