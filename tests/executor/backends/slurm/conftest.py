from collections.abc import Iterator

import pytest
from executor.backends.slurm.cluster import Cluster, running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One cluster for all tests that leave it as they found it."""
    with running() as up:
        yield up


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster for a test that breaks it."""
    with running() as up:
        yield up
