"""The cluster as the conformance suite sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from executor.backends.slurm.cluster import Cluster

from rea.domain.ids import JobId
from rea.domain.job import Launch
from rea.executor.backends.slurm import Client, SlurmBackend
from rea.testing import conformance_backend as conformance
from rea.testing.conformance_backend import Work


@dataclass(slots=True)
class SlurmRig:
    cluster: Cluster
    root: Path
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.cluster.client

    def backend(self) -> SlurmBackend:
        return SlurmBackend(root=self.root, client=self.client, grace_s=1, claim_grace_s=3)

    def launch(self, name: str, work: Work) -> Launch:
        return conformance.real_launch(self.root, name, work)

    def starts(self, job: JobId) -> int:
        return conformance.real_starts(self.root, job)

    def until(self, holds: Callable[[], bool]) -> bool:
        return conformance.real_until(holds)

    def until_within(self, holds: Callable[[], bool], seconds: float) -> bool:
        return conformance.real_until(holds, seconds)

    def reachable(self, yes: bool) -> bool:
        """Point the client to a port where nobody listens, as when the controller is down."""
        if yes:
            self.client = self.cluster.client
            return True
        away = self.cluster.place / "away.conf"
        lines = self.cluster.conf.read_text().splitlines()
        away.write_text("\n".join("SlurmctldPort=1" if x.startswith("SlurmctldPort=") else x for x in lines) + "\n")
        self.client = replace(self.client, conf=str(away))
        return True
