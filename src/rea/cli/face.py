"""What every command shares: its common options, one JSON object or plain text on stdout, errors with a next step, exit codes."""

import functools
import getpass
import json
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import click

from rea.api.campaigns import resolve
from rea.api.reading import SCHEMA
from rea.campaign.recall import Recall
from rea.domain.campaign import Campaign
from rea.domain.errors import ReaError, StoreError, UsageError
from rea.domain.ids import CampaignId
from rea.settings import Settings, settings
from rea.store.journal import SqlJournal

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
INTERRUPTED = 130
BY = click.option("--by", help="Who decides (default: the user of this machine).")


@dataclass(frozen=True, slots=True)
class Face:
    """How one call wants to be answered."""

    config: Settings
    as_json: bool
    campaign: str | None

    def journal(self) -> SqlJournal:
        from rea import app

        if not self.config.has_store:
            raise UsageError(
                f"there is no campaign in {self.config.state}", "start one: rea start DIRECTORY --budget 2h"
            )
        return app.journal(self.config)

    def chosen(self) -> tuple[SqlJournal, CampaignId, Campaign]:
        """Return the journal, and the campaign that is meant with its state."""
        journal = self.journal()
        name = resolve(journal, self.campaign)
        return journal, name, self.recall(name).now()

    def recall(self, campaign: CampaignId) -> Recall:
        """Return a memory of the campaign's journal, which begins at its snapshot."""
        from rea import app

        return app.recall_of(self.config, campaign)

    def say(self, kind: str, value: object, text: str) -> None:
        """Print ``value`` as one JSON object, or ``text`` for a person."""
        if self.as_json:
            click.echo(json.dumps({"schema": SCHEMA, "kind": kind, **plain(value)}, default=str, allow_nan=False))
        else:
            click.echo(text)


def plain(value: object) -> dict[str, Any]:
    """Return a value as a JSON object."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value if isinstance(value, dict) else {"value": value}


def command(*, campaign: bool = True) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a function a command with the common options; it is given a Face first and may return an exit code."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def run(
            state: Path | None, as_json: bool, verbose: bool, campaign: str | None = None, **options: object
        ) -> int:
            face = Face(settings(state), as_json, campaign)
            try:
                return function(face, **options) or 0
            except ReaError as error:
                return fail(error, as_json, verbose)
            except OSError as error:
                return fail(
                    StoreError(str(error), "free some space, or check the path and its permissions; then try again"),
                    as_json,
                    verbose,
                )
            except KeyboardInterrupt:
                return INTERRUPTED

        wrapped: Any = run
        if campaign:
            wrapped = click.option("-c", "--campaign", help="The campaign, or an unambiguous beginning of its name.")(
                wrapped
            )
        wrapped = click.option("-v", "--verbose", is_flag=True, help="Show a traceback with an error.")(wrapped)
        wrapped = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for programs.")(
            wrapped
        )
        state = click.Path(path_type=Path, file_okay=False)
        wrapped = click.option("--state", type=state, help="Where campaigns are kept (default: $REA_STATE or XDG).")(
            wrapped
        )
        return click.command(name=function.__name__.rstrip("_"))(wrapped)

    return wrap


def fail(error: ReaError, as_json: bool, verbose: bool) -> int:
    """Say what happened, why, and the next step; return the exit code."""
    if as_json:
        told = {
            "error": type(error).__name__,
            "message": error.message,
            "next": error.hint,
            "exit_code": error.exit_code,
        }
        click.echo(json.dumps({"schema": SCHEMA, "kind": "error", **told}))
    else:
        click.echo(f"error: {error.message}", err=True)
        if error.hint:
            click.echo(f"next: {error.hint}", err=True)
    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    return error.exit_code


def duration(text: str) -> float:
    """Return seconds from ``90s``, ``20m``, ``2h``, ``1.5d``.

    Raises:
        UsageError: it is none of these, or not positive.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text)
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"{text!r} is no amount of device time", "write it as 90s, 20m, 2h or 1.5d")
    return float(found[1]) * UNITS[found[2]]


def amount(text: str | int) -> int:
    """Return a number of tokens from ``50000``, ``200k``, ``2M``. Raises ValueError, which click tells in its way."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", str(text))
    if found is None:
        raise ValueError(f"{text!r} is no amount: write it as 50000, 200k or 2M")
    return round(float(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]])


def person(by: str | None) -> str:
    """Return who acts: as given, else the user of this machine."""
    return by or getpass.getuser()


def seconds(value: float) -> str:
    """Return an amount of time as people write it."""
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def percent(value: float) -> str:
    """Return a relative change with its sign."""
    return f"{value:+.2%}".replace("%", " %")
