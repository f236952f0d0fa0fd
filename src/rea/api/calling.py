"""What a person means to grant a language model when a campaign begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rea.agent.configuration import Configuration, configured, key_of, record
from rea.agent.connect import missing
from rea.domain.errors import UsageError
from rea.domain.plan import NO_CALLS, Check, Envelope
from rea.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which model, what it may cost, and what the checklist says of it; by default none."""

    configuration: Configuration | None = None
    envelope: Envelope = NO_CALLS
    checks: tuple[Check, ...] = ()

    def take_down(self, directory: Path) -> tuple[Check, ...]:
        """Record which model the campaign in ``directory`` asks, and return what its checklist says of it."""
        if self.configuration is not None:
            record(directory, self.configuration)
        return self.checks


def wanted(config: Settings, tokens: int, money: float, environment: Mapping[str, str]) -> Wanted:
    """Return what was asked for.

    Raises:
        UsageError: an amount makes no sense, no model is configured, or what asking it needs is not there.
    """
    if tokens < 0 or money < 0 or (money and not tokens):
        raise UsageError(
            "a language model is granted tokens, and money beside them", "such as --tokens 200k --money 1.50"
        )
    if not tokens:
        return Wanted()
    made = configured(config.state, environment)
    if made is None:
        raise UsageError(
            f"no language model is configured in {config.state}", "see docs/models.md, or leave out --tokens"
        )
    if why := missing(made):
        raise UsageError(why, "or leave out --tokens: everything else works without")
    if made.price is not None and not money:
        raise UsageError(f"{made.label} has a price, and no money was granted", "say --money, such as 1.50")
    key_of(made, environment)
    envelope = Envelope(model=made.terms, tokens=tokens, micros=round(money * 1_000_000))
    return Wanted(configuration=made, envelope=envelope, checks=(_check(made, envelope),))


def _check(made: Configuration, envelope: Envelope) -> Check:
    unpriced = "" if made.price is not None else "; no price is configured, so tokens alone are capped"
    detail = (
        f"{envelope}, of which signing grants half{unpriced}; it proposes, and can approve, spend and launch nothing"
    )
    if made.key_file or (made.url and not made.key_env):
        return Check(name="model", ok=True, detail=detail, blocking=False)
    fix = "put the key in a file that only you can read and name it as key_file"
    lost = "; wakes from jobs do not see its key, and go on without it"
    return Check(name="model", ok=False, detail=detail + lost, fix=fix, blocking=False)
