"""The conformance suite of backends against a real Ray cluster of one node."""

from pathlib import Path

import pytest
from executor.backends.ray.cluster import Cluster
from executor.backends.ray.rig import RayRig

from rea.testing.conformance_backend import BackendConformance, Rig


@pytest.mark.real
class TestRay(BackendConformance):
    @pytest.fixture
    def rig(self, ray_cluster: Cluster, tmp_path: Path) -> Rig:
        return RayRig(ray_cluster, tmp_path / "jobs")
