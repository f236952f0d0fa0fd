from collections.abc import Iterator

import pytest
from executor.backends.ray.cluster import Cluster, running


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Cluster]:
    """One cluster for all tests: those that break it start its head again."""
    with running() as up:
        yield up
