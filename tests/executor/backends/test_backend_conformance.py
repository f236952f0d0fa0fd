"""The conformance suite of backends, against processes of this machine and the simulated cluster; and that it sees planted bugs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from executor.contract.jobs import sweep

from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.local import LocalBackend
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.ports import JobBackend
from rea.testing import conformance_backend as conformance
from rea.testing.conformance_backend import BackendConformance, Rig, Work


@dataclass(frozen=True, slots=True)
class LocalRig:
    root: Path

    def backend(self) -> JobBackend:
        return LocalBackend(root=self.root, grace_s=1)

    def launch(self, name: str, work: Work) -> Launch:
        return conformance.real_launch(self.root, name, work)

    def starts(self, job: JobId) -> int:
        return conformance.real_starts(self.root, job)

    def until(self, holds: Callable[[], bool]) -> bool:
        return conformance.real_until(holds)

    def reachable(self, yes: bool) -> bool:
        return False


@dataclass(slots=True)
class SimulatedRig:
    clock: float = 0.0
    works: dict[JobId, Work] = field(default_factory=dict)
    cluster: SimulatedBackend = field(init=False)

    def __post_init__(self) -> None:
        self.cluster = SimulatedBackend(outcome=self._run, now=lambda: self.clock)

    def _run(self, launch: Launch) -> Run:
        work = self.works[launch.job]
        state = JobState.FAILED if work.code else JobState.SUCCEEDED
        return Run(seconds=work.seconds, state=state, reason=f"exit {work.code}", log=work.says)

    def backend(self) -> JobBackend:
        return self.cluster

    def launch(self, name: str, work: Work) -> Launch:
        self.works[JobId(name)] = work
        return conformance.real_launch(Path("/jobs"), name, work)

    def starts(self, job: JobId) -> int:
        return self.cluster.launches.count(job)

    def until(self, holds: Callable[[], bool]) -> bool:
        while not holds():
            end = self.cluster.next_end()
            if end is None:
                return False
            self.clock = end
        return True

    def reachable(self, yes: bool) -> bool:
        self.cluster.reachable = yes
        return True


@pytest.mark.real
class TestLocal(BackendConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        yield LocalRig(tmp_path / "jobs")
        sweep(tmp_path)


class TestSimulated(BackendConformance):
    @pytest.fixture
    def rig(self) -> Rig:
        return SimulatedRig()


class Forgetful(SimulatedBackend):
    """A cluster that starts whatever it is handed, and calls an outage a failure."""

    def submit(self, launch: Launch) -> str:
        self.started.pop(launch.job, None)
        self.cancelled.pop(launch.job, None)
        return SimulatedBackend.submit(replace_reachable(self), launch)

    def poll(self, jobs):  # type: ignore[no-untyped-def]
        found = SimulatedBackend.poll(self, jobs)
        return {j: replace(s, state=JobState.FAILED) if s.state is JobState.UNKNOWN else s for j, s in found.items()}


def replace_reachable(cluster: SimulatedBackend) -> SimulatedBackend:
    cluster.reachable = True
    return cluster


LAWS = (
    BackendConformance.test_submitting_again_at_any_time_starts_nothing,
    BackendConformance.test_a_running_job_is_cancelled_once_and_for_all,
    BackendConformance.test_out_of_reach_is_unknown_and_nothing_is_lost_or_started_twice,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_suite_sees_a_backend_that_forgets(law: Callable[[BackendConformance, Rig], None]) -> None:
    rig = SimulatedRig()
    rig.cluster = Forgetful(outcome=rig._run, now=lambda: rig.clock)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law(BackendConformance(), rig)
