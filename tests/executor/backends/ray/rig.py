"""The cluster as the conformance suite sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from executor.backends.ray.cluster import Cluster

from rea.domain.ids import JobId
from rea.domain.job import Launch
from rea.executor.backends.ray import Client, RayBackend
from rea.testing import conformance_backend as conformance
from rea.testing.conformance_backend import Work


@dataclass(slots=True)
class RayRig:
    cluster: Cluster
    root: Path
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.cluster.client

    def backend(self) -> RayBackend:
        return RayBackend(root=self.root, client=self.client, grace_s=1, claim_grace_s=3)

    def launch(self, name: str, work: Work) -> Launch:
        return conformance.real_launch(self.root, name, work)

    def starts(self, job: JobId) -> int:
        return conformance.real_starts(self.root, job)

    def until(self, holds: Callable[[], bool]) -> bool:
        return conformance.real_until(holds)

    def reachable(self, yes: bool) -> bool:
        """Point the client to a port where nobody listens, as when the head is down."""
        self.client = self.cluster.client if yes else Client(address="http://127.0.0.1:1", patience_s=5)
        return True
