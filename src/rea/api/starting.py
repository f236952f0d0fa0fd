"""From a repository to a checked, signed and woken campaign."""

import os
import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rea import app, gate
from rea.api import calling
from rea.domain.campaign import NO_CAMPAIGN, Campaign
from rea.domain.errors import UsageError
from rea.domain.event import CampaignOpened, ChecklistRecorded
from rea.domain.ids import CampaignId
from rea.domain.plan import Policy
from rea.settings import Settings

KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "PYTHONPATH",
    "PGPASSFILE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
)  # of the environment, for later wakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asks for: a repository, a budget in device-seconds, and optionally the interpreter, a file of ideas, where jobs run."""

    repository: Path
    budget_s: float
    python: str | None = None
    ideas: Path | None = None
    slots: int | None = None
    question: str = ""
    backend: str | None = None
    tokens: int = 0  # that a language model may use; 0: none is asked
    money: float = 0.0
    sandbox: str | None = None
    portfolio: CampaignId = NO_CAMPAIGN  # that the campaign is to be a member of


def check(config: Settings, request: Request) -> CampaignId:
    """Open a campaign and record its checklist: commit, workload, data sealed, a smoke run judged, disk, timer, budget.

    Raises:
        UsageError: the repository, workload.toml or the backend is unusable; nothing was opened.
    """
    from rea.executor.backends.chosen import record
    from rea.executor.inspect import inspect

    if request.budget_s <= 0:
        raise UsageError("no budget was given", "state one in device time: --budget 2h")
    chosen = app.choose(request.backend or config.backend, os.environ)
    asked = calling.wanted(config, request.tokens, request.money, os.environ)
    name = CampaignId(f"{request.repository.resolve().name}-{datetime.now(UTC):%m%d}-{secrets.token_hex(2)}")
    directory = config.campaign(name)
    policy = Policy(slots=request.slots or config.slots, seed=secrets.randbelow(2**31))
    directory.mkdir(mode=0o700, parents=True)
    try:
        record(directory, chosen)
        checks = asked.take_down(directory)
        budget_ms, run = round(request.budget_s * 1000), app.smoke(directory)
        words = (config.state, directory, request.repository, budget_ms, request.python, policy, run)
        workload, checklist = inspect(*words, sandbox=request.sandbox or config.sandbox)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)  # nothing was opened: leave nothing behind
        raise
    if request.ideas is not None:
        shutil.copyfile(request.ideas, directory / app.IDEAS)
    opened = CampaignOpened(
        campaign=name,
        question=request.question or f"improve {workload.primary} of {workload.name}",
        workload=workload,
        repository=str(request.repository.resolve()),
        commit=checklist.commit,
        policy=policy,
        budget_ms=budget_ms,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        calls=asked.envelope,
        portfolio=request.portfolio,
    )
    checklist = replace(checklist, checks=(*checklist.checks, *checks), calls=asked.envelope)
    app.journal(config).append(name, (opened, ChecklistRecorded(checklist=checklist)))
    return name


def wake(config: Settings, campaign: CampaignId) -> Campaign:
    """Knock: advance the campaign in this process until nothing is left to do at once, unless another process is at it."""
    prepare(config)
    gate.main([str(config.state), campaign])
    return app.recall_of(config, campaign).now()


def wake_due(config: Settings) -> None:
    """What the timer calls: wake every campaign that is owed a look."""
    gate.main([str(config.state), "--due"])


def prepare(config: Settings) -> Path:
    """Write the script that jobs and the timer call, for this interpreter and with only what a wake needs of the environment."""
    from rea.campaign.timer import write_wake_script

    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith("REA_")}
    return write_wake_script(config.state, {**kept, "REA_STATE": str(config.state)})
