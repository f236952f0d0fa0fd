"""The one place that names concrete adapters: which store, which backend, which sources a campaign gets."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rea.domain.action import Wake
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import StaleDecision
from rea.domain.event import AGENT, Paused
from rea.domain.experiment import Purpose
from rea.domain.ids import CampaignId, Digest, JobId, digest
from rea.domain.runbook import RunbookEntry
from rea.ports import HypothesisSource, Ports
from rea.settings import Settings, settings
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal

IDEAS = "ideas.toml"  # in the campaign's directory: what an engineer handed in with `rea start --ideas`


def database(config: Settings) -> Database:
    """Open the store, making it on first use."""
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database(config.store)


def journal(config: Settings) -> SqlJournal:
    """Open the journal."""
    return SqlJournal(database(config))


def insights(config: Settings) -> SqlInsights:
    """Open what was learnt over all campaigns."""
    return SqlInsights(database(config))


def runbook() -> tuple[tuple[RunbookEntry, ...], Digest]:
    """Return the runbook and its digest, which every plan names."""
    from rea.knowledge.runbook.load import digest_of, load

    entries = load()
    return entries, digest_of(entries)


def ports(config: Settings, campaign: CampaignId, entries: tuple[RunbookEntry, ...]) -> Ports:
    """Assemble the outside world of one campaign."""
    from rea.campaign.evolve import replay
    from rea.campaign.timer import wake_script
    from rea.executor.backends.local import LocalBackend
    from rea.executor.materialise import reopen
    from rea.judge.process import ProcessJudge
    from rea.planner.search.optuna_search import OptunaSearch

    store, directory = database(config), config.campaign(campaign)
    log = SqlJournal(store)
    state = replay(r.event for r in log.read(campaign))
    known = SqlInsights(store)
    return Ports(
        journal=log,
        backend=LocalBackend(root=directory / "jobs", wake=(str(wake_script(config.state)), campaign)),
        sources=sources(directory, known),
        insights=known,
        judge=ProcessJudge(directory=directory, workload=state.setup, meta=meta(log, campaign)),
        workspace=reopen(directory, state.setup),
        search=OptunaSearch(),
        openings=log,
        notify=notifier(config, campaign),
        now=time.time,
        runbook=entries,
        directory=directory,
    )


def sources(directory: Path, known: SqlInsights) -> tuple[HypothesisSource, ...]:
    """Return where hypotheses come from: an engineer's ideas, what was learnt before, and the catalogue of techniques."""
    from rea.knowledge.techniques.catalogue import load
    from rea.planner.sources.engineer.source import EngineerSource
    from rea.planner.sources.history.source import HistorySource
    from rea.planner.sources.research.source import ResearchSource

    techniques, ideas = load(), directory / IDEAS
    own: tuple[HypothesisSource, ...] = (EngineerSource(ideas),) if ideas.exists() else ()
    return (*own, HistorySource(known, techniques), ResearchSource(techniques, known))


def meta(log: SqlJournal, campaign: CampaignId) -> Callable[[JobId], tuple[int, Change, Purpose]]:
    """Return what the judge asks about a job: its seed, its change and its purpose, as recorded."""
    from rea.campaign.evolve import replay

    state = Campaign()

    def of(job: JobId) -> tuple[int, Change, Purpose]:
        nonlocal state
        if job not in state.jobs:  # reserved since the journal was read last: what is known of a job never changes
            state = replay(r.event for r in log.read(campaign))
        record = state.jobs[job].job
        return record.seed, record.change, record.purpose

    return of


def notifier(config: Settings, campaign: CampaignId) -> Callable[[str, str], None]:
    """Return what tells people: the configured command with campaign, kind and text as its last arguments, or nothing."""

    def tell(kind: str, text: str) -> None:
        if config.notify:
            subprocess.run([*config.notify, campaign, kind, text], timeout=60, check=False, stdin=subprocess.DEVNULL)

    return tell


def wake(state: Path, campaign: str) -> Wake:
    """Advance a campaign until there is nothing left to do at once."""
    from rea.campaign.advance import advance

    config, name = settings(state), CampaignId(campaign)
    entries, bound_to = runbook()
    world = ports(config, name, entries)
    while True:
        try:
            answer = advance(name, world, bound_to)
        except StaleDecision:
            continue
        if answer is not None:
            return answer


def record_crash(state: Path, campaign: str, error: Exception) -> None:
    """Record what went wrong and leave the campaign paused: a person looks, nothing is lost."""
    import traceback

    config, name = settings(state), CampaignId(campaign)
    text = "".join(traceback.format_exception(error))
    (config.campaign(campaign) / "crash.log").open("a").write(text)
    reason = f"crash: {type(error).__name__}: {error} (see crash.log, then rea resume)"
    log = journal(config)
    if not log.read(name):
        raise error  # a directory without a journal is no campaign: nothing can be paused, and the timer will say so again
    log.append(name, (Paused(reason=reason, by=AGENT, command=f"crash:{digest(text)[:16]}:{os.getpid()}"),))
    notifier(config, name)("paused", reason)
