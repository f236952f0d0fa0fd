"""The benchmark of scale at a fiftieth of its size: the store it writes is sound, its wakes do what they say, and they read the tail alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from rea import app
from rea.campaign.evolve import replay
from rea.campaign.recall import Recall
from rea.domain.event import Recorded
from rea.settings import Settings, settings
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.testing.simulation import CAMPAIGN

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
EVENTS, EXPERIMENTS, CAMPAIGNS = 20_000, 200, 3
MOST_MB = 200.0


def script(name: str, *words: object) -> str:
    argv = (sys.executable, "-P", str(BENCHMARKS / name), *map(str, words))
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def child(does: str, config: Settings, *words: str) -> tuple[str, float]:
    """Return what one process of the benchmark says that it did, and its memory at the peak in MB."""
    kind, megabytes, _ = script("scale_wake.py", does, config.state, CAMPAIGN, *words).split()
    return kind, float(megabytes)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    state = tmp_path_factory.mktemp("scale")
    script("scale_store.py", state, EVENTS, EXPERIMENTS, CAMPAIGNS)
    return settings(state)


def test_the_store_is_one_that_the_program_itself_would_have_written(config: Settings) -> None:
    log = app.journal(config)
    assert len(log.campaigns()) == CAMPAIGNS
    assert log.verify(CAMPAIGN) == EVENTS
    c = replay(r.event for r in log.read(CAMPAIGN))
    assert len(c.experiments) >= EXPERIMENTS and c.approved and not c.paused
    ledger = log.ledger(CAMPAIGN)
    assert ledger == c.ledger
    rebuild(app.database(config))
    assert log.ledger(CAMPAIGN) == ledger


def test_jobs_end_and_the_next_are_launched_until_the_search_is_asked(config: Settings) -> None:
    assert child("replay", config)[0] == "replayed"
    woken = [child("wake", config, ended) for ended in ("0", "0", "1", *["99"] * 7)]
    kinds = [kind for kind, _ in woken]
    assert kinds[:3] == ["job-ended-to-next-launch", "jobs-still-run", "job-ended-to-next-launch"]
    assert "the-search-is-asked-and-jobs-launched" in kinds
    assert max(megabytes for _, megabytes in woken) < MOST_MB
    assert child("wake", config, "1", "keep")[0] == "a-snapshot-is-kept"


def events_read(config: Settings, *, snapshots: bool) -> int:
    """Return how many events a wake has to read before it can decide."""
    recall = app.recall_of(config, CAMPAIGN)
    if not snapshots:
        recall.snapshots = None
    counted = Counted(app.journal(config))
    recall.journal = counted  # type: ignore[assignment]
    recall.now()
    return counted.read_so_far


class Counted:
    """Counts what is read of a journal."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal, self.read_so_far = journal, 0

    def read(self, *words: object) -> tuple[Recorded, ...]:
        found = tuple(self.journal.read(*words))  # type: ignore[arg-type]
        self.read_so_far += len(found)
        return found


def test_a_wake_reads_what_is_new_alone(config: Settings) -> None:
    memory = Recall(campaign=CAMPAIGN, journal=app.journal(config))
    child("replay", config)
    assert events_read(config, snapshots=True) == 0
    assert app.recall_of(config, CAMPAIGN).now() == memory.now()


def test_planted_bug_without_snapshots_a_wake_reads_everything(config: Settings) -> None:
    assert events_read(config, snapshots=False) >= EVENTS
