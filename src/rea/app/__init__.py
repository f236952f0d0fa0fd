"""The one place that names concrete adapters: which store, which backend, which sources a campaign gets."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from rea import gate
from rea.agent.question import Model, NoModel
from rea.app import heads
from rea.app.engines import BACKENDS as BACKENDS
from rea.app.engines import backend as backend
from rea.app.engines import choose as choose
from rea.app.engines import smoke as smoke
from rea.campaign.recall import Recall
from rea.domain.action import Wake
from rea.domain.change import Change
from rea.domain.errors import StaleDecision, StoreError, UsageError
from rea.domain.event import AGENT, Paused
from rea.domain.experiment import Purpose
from rea.domain.ids import CampaignId, Digest, JobId, digest
from rea.domain.portfolio import is_portfolio
from rea.domain.runbook import RunbookEntry, standing_of
from rea.executor.backends.fenced import Fenced
from rea.executor.contract.directory import write_durably
from rea.ports import HypothesisSource, Insights, JobBackend, Journal, LogReader, Ports
from rea.settings import Settings, settings
from rea.store import holders, leases
from rea.store.aside import Aside
from rea.store.database import Database
from rea.store.heartbeat import beating
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.store.leases import Lease
from rea.store.snapshots import SqlSnapshots

IDEAS = "ideas.toml"  # in the campaign's directory: what an engineer handed in with `rea start --ideas`


def database(config: Settings) -> Database:
    """Open the store, making it on first use.

    Raises:
        UsageError: the campaigns of this state are kept in another store.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not config.shared:
        _refuse_emptied(config)
        return Database(config.store)
    kept = config.kept.read_text().strip() if config.kept.exists() else ""
    if config.store.exists() or kept not in ("", config.shared):
        raise UsageError(
            f"the campaigns in {config.state} are kept in {kept or config.store}, not in REA_STORE",
            "unset REA_STORE, or take another folder with REA_STATE",
        )
    opened = Database(config.shared)  # refuses a URL that holds a secret, before it is written anywhere
    if not kept:
        write_durably(config.kept, config.shared + "\n")
    return opened


def _refuse_emptied(config: Settings) -> None:
    """Take no store that was emptied for a new one: a campaign that was looked at has left its lock."""
    if config.store.exists() and not config.store.stat().st_size and any(config.campaign("").glob("*/lock")):
        raise StoreError(f"{config.store} is empty, and there are campaigns beside it", "restore it from a backup")


def journal(config: Settings) -> SqlJournal:
    """Open the journal."""
    return SqlJournal(database(config))


def insights(config: Settings) -> SqlInsights:
    """Open what was learnt over all campaigns."""
    return SqlInsights(database(config))


def aside(config: Settings) -> Aside:
    """Open what is kept beside the journals."""
    return Aside(database(config))


def runbook(config: Settings | None = None) -> tuple[tuple[RunbookEntry, ...], Digest]:
    """Return the runbook, the user's own entries with their standing, and its digest, which every plan names."""
    from rea.knowledge.runbook.load import digest_of, load_own, shipped

    entries = shipped()
    if config is not None:
        entries += _with_standing(config, load_own(config.runbook, entries)[0])
    return entries, digest_of(entries)


def _with_standing(config: Settings, own: tuple[RunbookEntry, ...]) -> tuple[RunbookEntry, ...]:
    if not own:
        return ()
    known = journal(config).verdicts([entry.digest for entry in own])
    return tuple(replace(entry, standing=standing_of(known[entry.digest])) for entry in own)


def ports(config: Settings, recall: Recall, entries: tuple[RunbookEntry, ...], lease: Lease | None = None) -> Ports:
    """Assemble the outside world of one campaign; with a lease, nothing is recorded, submitted or cancelled once somebody else has taken it."""
    from rea.campaign.timer import wake_script
    from rea.executor.materialise import reopen
    from rea.judge.process import ProcessJudge
    from rea.planner.search.optuna_search import OptunaSearch

    store, campaign, state = database(config), recall.campaign, recall.now()
    directory, log = config.campaign(campaign), SqlJournal(store, lease=lease)
    known, asked = SqlInsights(store), model(config, recall, log)
    return Ports(
        journal=log,
        backend=_fenced(store, backend(directory, (str(wake_script(config.state)), campaign)), lease),
        sources=Sources(partial(every_source, directory, known, asked)),
        insights=known,
        judge=ProcessJudge(directory=directory, workload=state.setup, meta=meta(recall)),
        workspace=reopen(directory, state.setup),
        search=OptunaSearch(),
        openings=log,
        standings=log,
        elsewhere=partial(log.elsewhere, campaign),
        notify=notifier(config, campaign),
        now=time.time,
        runbook=entries,
        reader=reading(asked),
        directory=directory,
    )


def _fenced(store: Database, jobs: JobBackend, lease: Lease | None) -> JobBackend:
    """Have every act prove first that the campaign is still this process's to advance, where several machines may do so."""
    return jobs if lease is None else Fenced(jobs, partial(leases.prove, store, lease))


def sources(directory: Path, known: Insights) -> tuple[HypothesisSource, ...]:
    """Return where hypotheses come from: an engineer's ideas, what was learnt before, and the catalogue of techniques."""
    from rea.knowledge.techniques.catalogue import load
    from rea.planner.sources.engineer.source import EngineerSource
    from rea.planner.sources.history.source import HistorySource
    from rea.planner.sources.research.source import ResearchSource

    techniques, ideas = load(), directory / IDEAS
    own: tuple[HypothesisSource, ...] = (EngineerSource(ideas),) if ideas.exists() else ()
    return (*own, HistorySource(known, techniques), ResearchSource(techniques, known))


def model(config: Settings, recall: Recall, log: Journal, heard: set[str] | None = None) -> Model:
    """Return the language model that a campaign may ask within what its approval leaves; by default none.

    With ``heard`` it gives recorded answers only, and notes there which.

    Raises:
        IntegrityError: the record of which model is asked cannot be read.
    """
    from rea.agent import configuration

    directory = config.campaign(recall.campaign)
    made = configuration.recorded(directory)
    if made is None:
        return NoModel()
    from rea.agent import connect
    from rea.agent.chain import Account

    account = Account(campaign=recall.campaign, journal=log, state=recall.now, directory=directory)
    if heard is not None:
        return connect.replaying(made, account, os.environ, heard)
    return connect.connect(made, account, os.environ)


class Sources:
    """Where hypotheses come from, found only when somebody asks: hardly a wake does, and reading the catalogue takes a while."""

    def __init__(self, find: Callable[[], tuple[HypothesisSource, ...]]) -> None:
        self._find = find

    def __iter__(self) -> Iterator[HypothesisSource]:
        return iter(self._find())


def every_source(directory: Path, known: Insights, asked: Model) -> tuple[HypothesisSource, ...]:
    """Return where hypotheses come from: the plain sources, and the model's own with the code of the campaign's commit, where there is a model."""
    if isinstance(asked, NoModel):
        return sources(directory, known)
    from rea.executor.materialise.objects import of_campaign
    from rea.knowledge.skills.library import tool
    from rea.knowledge.techniques.catalogue import load
    from rea.planner.sources.model.literature.chosen import chosen
    from rea.planner.sources.model.source import ModelSource

    thinking = ModelSource(
        model=asked,
        directory=directory,
        insights=known,
        techniques=load(),
        code=partial(of_campaign, directory),
        tools=(tool(),),
        literature=chosen(os.environ.get("REA_LITERATURE", ""), os.environ.get("REA_PAPERS", ""), directory),
    )
    return (*sources(directory, known), thinking)


def reading(asked: Model) -> LogReader | None:
    """Return who reads the logs of failures that nobody knows, where there is a model."""
    if isinstance(asked, NoModel):
        return None
    from rea.executor.suggestion.reader import ModelReader

    return ModelReader(asked)


def recall_of(config: Settings, campaign: CampaignId) -> Recall:
    """Return the memory of one wake: what earlier wakes left as a snapshot, and the events since."""
    store = database(config)
    return Recall(campaign=campaign, journal=SqlJournal(store), snapshots=SqlSnapshots(store))


def meta(recall: Recall) -> Callable[[JobId], tuple[int, Change, Purpose]]:
    """Return what the judge asks about a job: its seed, its change and its purpose, as recorded."""

    def of(job: JobId) -> tuple[int, Change, Purpose]:
        if (
            job not in recall.state.jobs
        ):  # reserved since the journal was read last: what is known of a job never changes
            recall.now()
        record = recall.state.jobs[job].job
        return record.seed, record.change, record.purpose

    return of


def notifier(config: Settings, campaign: CampaignId) -> Callable[[str, str], None]:
    """Return what tells people: the configured command with campaign, kind and text as its last arguments, or nothing."""

    def tell(kind: str, text: str) -> None:
        if config.notify:
            subprocess.run([*config.notify, campaign, kind, text], timeout=60, check=False, stdin=subprocess.DEVNULL)

    return tell


def wake(state: Path, campaign: str) -> Wake:
    """Advance a campaign, or a portfolio, until there is nothing left to do at once."""
    from rea.app import portfolio

    config, name = settings(state), CampaignId(campaign)
    if is_portfolio(name):
        return portfolio.wake(config, name)
    recall = recall_of(config, name)
    answer, grew = _wake(config, recall)
    if grew and recall.state.portfolio:
        gate.main([str(state), recall.state.portfolio])
    return answer


def _wake(config: Settings, recall: Recall) -> tuple[Wake, bool]:
    """Advance a campaign, and say whether anything happened."""
    from rea.campaign.advance import advance

    name = recall.campaign
    entries, bound_to = runbook(config)
    with leased(config, name) as lease:
        recall.now()
        directory, log = config.campaign(name), journal(config)
        heads.check(directory, log, name)
        before, world = recall.length, ports(config, recall, entries, lease)
        while True:
            try:
                answer = advance(name, world, bound_to, recall)
            except StaleDecision:
                continue
            if answer is not None:
                recall.keep()
                heads.note(directory, log, name)
                return answer, recall.length > before


@contextmanager
def leased(config: Settings, campaign: CampaignId) -> Iterator[Lease | None]:
    """Hold the campaign's lease where the store is shared; elsewhere the lock of its directory is enough.

    Raises:
        CampaignBusy: another machine is advancing the campaign.
    """
    store = database(config)
    if not store.dialect.shared:
        yield None
        return
    lease = leases.take(store, campaign, holders.myself())
    try:
        with beating(store, lease):
            yield lease
    finally:
        with suppress(StoreError):  # its term ends anyway; what really went wrong is not to be hidden
            leases.release(store, lease)


def record_crash(state: Path, campaign: str, error: Exception) -> None:
    """Record what went wrong and leave the campaign paused: a person looks, nothing is lost."""
    import traceback

    config, name = settings(state), CampaignId(campaign)
    text = "".join(traceback.format_exception(error))
    (config.campaign(campaign) / "crash.log").open("a").write(text)
    reason = f"crash: {type(error).__name__}: {error} (see crash.log, then rea resume)"
    log = journal(config)
    if not log.read(name, most=1):
        raise error  # a directory without a journal is no campaign: nothing can be paused, and the timer will say so again
    log.append(name, (Paused(reason=reason, by=AGENT, command=f"crash:{digest(text)[:16]}:{os.getpid()}"),))
    notifier(config, name)("paused", reason)
