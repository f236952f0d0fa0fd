"""A whole campaign through the command line on a real cluster: `rea start --backend slurm`, approve, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.toys import BUDGET_S, Terminal, at_rest, planned, repository
from executor.backends.slurm.cluster import Cluster, running

from rea import app
from rea.domain.job import JobState
from rea.executor.backends.chosen import recorded
from rea.executor.backends.slurm import SlurmBackend
from rea.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running() as up:
        yield up


def rea(cluster: Cluster, state: Path, *words: str) -> dict[str, object]:
    """Run the command as a person does, with the cluster named in the environment only here: later wakes have to know it themselves."""
    env = {"PATH": os.environ["PATH"], "HOME": str(state.parent), "SLURM_CONF": str(cluster.conf)}
    argv = (sys.executable, "-m", "rea.cli", *words, "--state", str(state), "--json")
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    assert answer["kind"] != "error", answer
    return answer


@pytest.fixture(scope="module")
def concluded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Nobody wakes the campaign after an approval but jobs that depend on its jobs: no timer runs here."""
    folder = tmp_path_factory.mktemp("slurm")
    state = folder / "state"
    toy = repository(folder / "toy")
    rea(
        cluster,
        state,
        "start",
        str(toy),
        "--budget",
        f"{BUDGET_S:.0f}s",
        "--slots",
        "2",
        "--backend",
        "slurm",
        "--sign",
    )
    config = Settings(state=state)
    (name,) = app.journal(config).campaigns()
    terminal = Terminal(config=config, campaign=name)
    c = terminal.until(lambda c: planned(c) or bool(c.paused))
    assert c.plan is not None, c.paused
    rea(cluster, state, "approve", "--digest", c.plan.digest, "--by", "ann")
    terminal.until(at_rest)
    yield terminal
    terminal.stop()


def test_it_concludes_on_the_cluster(concluded: Terminal) -> None:
    c = concluded.state
    assert c.proposal is not None, c.paused
    assert {r.state for r in c.jobs.values()} <= {JobState.SUCCEEDED, JobState.FAILED}


def test_every_job_ran_once_and_on_the_cluster(concluded: Terminal, cluster: Cluster) -> None:
    c, told = concluded.state, concluded.config.campaign(concluded.campaign)
    backend = app.backend(told)
    assert isinstance(backend, SlurmBackend)
    assert concluded.starts() == {str(job): 1 for job in c.jobs}
    names = [entry.name for entry in cluster.client.queue()]
    assert [names.count(backend.key(job)) for job in c.jobs] == [1] * len(c.jobs)


def test_nothing_is_held_and_nothing_was_overspent(concluded: Terminal) -> None:
    ledger = concluded.state.ledger
    assert (ledger.held, ledger.overrun) == (0, 0)
    assert 0 < ledger.spent <= ledger.granted


def test_the_choice_is_kept_with_the_campaign(concluded: Terminal, cluster: Cluster) -> None:
    chosen = recorded(concluded.config.campaign(concluded.campaign))
    assert (chosen.name, chosen.environment) == ("slurm", {"SLURM_CONF": str(cluster.conf)})


def test_the_smoke_run_was_on_the_cluster_too(concluded: Terminal, cluster: Cluster) -> None:
    assert any(entry.name.endswith("-smoke.plain.a0") for entry in cluster.client.queue())
