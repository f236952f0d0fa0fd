"""The conformance suite of backends against a real cluster of one node."""

from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig

from rea.testing.conformance_backend import BackendConformance, Rig


@pytest.mark.real
class TestSlurm(BackendConformance):
    @pytest.fixture
    def rig(self, cluster: Cluster, tmp_path: Path) -> Rig:
        return SlurmRig(cluster, tmp_path / "jobs")
