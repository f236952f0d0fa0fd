"""The one place that names concrete adapters: which store, which backend, which sources a campaign gets."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from rea.agent.question import Model, NoModel
from rea.campaign.recall import Recall
from rea.domain.action import Wake
from rea.domain.change import Change
from rea.domain.errors import StaleDecision, StoreError, UsageError
from rea.domain.event import AGENT, Paused
from rea.domain.experiment import Purpose
from rea.domain.ids import CampaignId, Digest, JobId, digest
from rea.domain.job import LOCAL, JobStatus, Launch
from rea.domain.runbook import RunbookEntry
from rea.executor.backends.chosen import Chosen, recorded
from rea.executor.contract.directory import write_durably
from rea.ports import HypothesisSource, Insights, JobBackend, Journal, Ports
from rea.settings import Settings, settings
from rea.store import leases
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.store.leases import Lease
from rea.store.snapshots import SqlSnapshots

IDEAS = "ideas.toml"  # in the campaign's directory: what an engineer handed in with `rea start --ideas`


Wakes = tuple[str, ...]


def _local(root: Path, wakes: Wakes, variables: Mapping[str, str]) -> JobBackend:
    from rea.executor.backends.local import LocalBackend

    return LocalBackend(root=root, wake=wakes)


def _slurm(root: Path, wakes: Wakes, variables: Mapping[str, str]) -> JobBackend:
    from rea.executor.backends.slurm import Client, Options, SlurmBackend
    from rea.executor.backends.slurm.options import VARIABLE

    options = Options.of(variables.get(VARIABLE, ""))
    return SlurmBackend(root=root, client=Client.of(variables), options=options, wake=wakes)


@dataclass(frozen=True, slots=True)
class Engine:
    """How a backend is made from where jobs lie, the command that wakes, and those ``variables`` of the environment at the start."""

    make: Callable[[Path, Wakes, Mapping[str, str]], JobBackend]
    variables: tuple[str, ...] = ()


BACKENDS = {
    LOCAL: Engine(_local),
    "slurm": Engine(_slurm, ("SLURM_CONF", "REA_SLURM_OPTIONS")),
}


def choose(name: str, environment: Mapping[str, str]) -> Chosen:
    """Return the choice of a backend by name, with what of ``environment`` a later wake needs to reach the same one.

    Raises:
        UsageError: there is no such backend, or its options cannot be used.
    """
    engine = _engine(name)
    kept = tuple((v, environment[v]) for v in engine.variables if environment.get(v))
    engine.make(Path("/"), (), dict(kept))  # what cannot be made is refused now, not in the first wake
    return Chosen(name=name, variables=kept)


def backend(directory: Path, wakes: Wakes = ()) -> JobBackend:
    """Return the backend that was recorded for the campaign in ``directory``."""
    chosen = recorded(directory)
    return _engine(chosen.name).make(directory / "jobs", wakes, chosen.environment)


def _engine(name: str) -> Engine:
    if name not in BACKENDS:
        near = get_close_matches(name, BACKENDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(BACKENDS)}"
        raise UsageError(f"there is no backend {name!r}", hint)
    return BACKENDS[name]


def smoke(directory: Path) -> Callable[[Launch], JobStatus]:
    """Return what runs a job while a person waits: here, or on the cluster where the campaign's jobs will run."""
    from rea.executor.inspection.foreground import run_here, run_on

    return run_here if recorded(directory).name == LOCAL else run_on(backend(directory))


def database(config: Settings) -> Database:
    """Open the store, making it on first use.

    Raises:
        UsageError: the campaigns of this state are kept in another store.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not config.shared:
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


def ports(config: Settings, recall: Recall, entries: tuple[RunbookEntry, ...], lease: Lease | None = None) -> Ports:
    """Assemble the outside world of one campaign; with a lease, nothing is recorded once somebody else has taken it."""
    from rea.campaign.timer import wake_script
    from rea.executor.materialise import reopen
    from rea.judge.process import ProcessJudge
    from rea.planner.search.optuna_search import OptunaSearch

    store, campaign, state = database(config), recall.campaign, recall.now()
    directory, log = config.campaign(campaign), SqlJournal(store, lease=lease)
    known = SqlInsights(store)
    return Ports(
        journal=log,
        backend=backend(directory, (str(wake_script(config.state)), campaign)),
        sources=every_source(directory, known, model(config, recall, log)),
        insights=known,
        judge=ProcessJudge(directory=directory, workload=state.setup, meta=meta(recall)),
        workspace=reopen(directory, state.setup),
        search=OptunaSearch(),
        openings=log,
        notify=notifier(config, campaign),
        now=time.time,
        runbook=entries,
        directory=directory,
    )


def sources(directory: Path, known: Insights) -> tuple[HypothesisSource, ...]:
    """Return where hypotheses come from: an engineer's ideas, what was learnt before, and the catalogue of techniques."""
    from rea.knowledge.techniques.catalogue import load
    from rea.planner.sources.engineer.source import EngineerSource
    from rea.planner.sources.history.source import HistorySource
    from rea.planner.sources.research.source import ResearchSource

    techniques, ideas = load(), directory / IDEAS
    own: tuple[HypothesisSource, ...] = (EngineerSource(ideas),) if ideas.exists() else ()
    return (*own, HistorySource(known, techniques), ResearchSource(techniques, known))


def every_source(directory: Path, known: Insights, asked: Model) -> tuple[HypothesisSource, ...]:
    """Return where a campaign's hypotheses come from. ``asked`` is who a source asks that wants a language model."""
    return sources(directory, known)


def model(config: Settings, recall: Recall, log: Journal, heard: set[str] | None = None) -> Model:
    """Return the language model that a campaign may ask within what its approval leaves; by default none.

    With ``heard`` it gives recorded answers only, and notes there which.

    Raises:
        IntegrityError: the record of which model is asked cannot be read.
    """
    from rea.agent import configuration, connect
    from rea.agent.chain import Account

    directory = config.campaign(recall.campaign)
    made = configuration.recorded(directory)
    if made is None:
        return NoModel()
    account = Account(campaign=recall.campaign, journal=log, state=recall.now, directory=directory)
    if heard is not None:
        return connect.replaying(made, account, os.environ, heard)
    return connect.connect(made, account, os.environ)


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
    """Advance a campaign until there is nothing left to do at once."""
    from rea.campaign.advance import advance

    config, name = settings(state), CampaignId(campaign)
    entries, bound_to = runbook()
    with leased(config, name) as lease:
        recall = recall_of(config, name)
        world = ports(config, recall, entries, lease)
        while True:
            try:
                answer = advance(name, world, bound_to, recall)
            except StaleDecision:
                continue
            if answer is not None:
                recall.keep()
                return answer


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
    lease = leases.take(store, campaign, f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}")
    try:
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
