"""A whole campaign through the command line on a real Ray cluster: `rea start --backend ray`, approve, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.toys import BUDGET_S, Terminal, at_rest, planned, repository
from executor.backends.ray.cluster import Cluster, running

from rea import app
from rea.domain.job import JobState
from rea.executor.backends.chosen import recorded
from rea.executor.backends.ray import RayBackend
from rea.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running() as up:
        yield up


def rea(cluster: Cluster, state: Path, *words: str) -> dict[str, object]:
    """Run the command as a person does, with the cluster named in the environment only here: later wakes have to know it themselves."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(state.parent),
        "RAY_API_SERVER_ADDRESS": cluster.client.address,
        "REA_RAY_OPTIONS": "--entrypoint-num-gpus={devices}",
    }
    argv = (sys.executable, "-m", "rea.cli", *words, "--state", str(state), "--json")
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    assert answer["kind"] != "error", answer
    return answer


@pytest.fixture(scope="module")
def concluded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Nobody wakes the campaign after an approval but its own jobs where they end: no timer runs here."""
    folder = tmp_path_factory.mktemp("ray")
    state = folder / "state"
    words = ("--budget", f"{BUDGET_S:.0f}s", "--slots", "2", "--backend", "ray", "--sign")
    rea(cluster, state, "start", str(repository(folder / "toy")), *words)
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
    c, backend = concluded.state, app.backend(concluded.config.campaign(concluded.campaign))
    assert isinstance(backend, RayBackend)
    assert concluded.starts() == {str(job): 1 for job in c.jobs}
    assert all(cluster.client.find(backend.key(job)) is not None for job in c.jobs)


def test_nothing_is_held_and_nothing_was_overspent(concluded: Terminal) -> None:
    ledger = concluded.state.ledger
    assert (ledger.held, ledger.overrun) == (0, 0)
    assert 0 < ledger.spent <= ledger.granted


def test_the_choice_is_kept_with_the_campaign(concluded: Terminal, cluster: Cluster) -> None:
    chosen = recorded(concluded.config.campaign(concluded.campaign))
    variables = {
        "RAY_API_SERVER_ADDRESS": cluster.client.address,
        "REA_RAY_OPTIONS": "--entrypoint-num-gpus={devices}",
    }
    assert (chosen.name, chosen.environment) == ("ray", variables)
