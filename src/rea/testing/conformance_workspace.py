"""What every ``Workspace`` must do. Subclass ``WorkspaceConformance`` in a test, give it a ``workspace`` fixture, and run it."""

from dataclasses import replace

from rea.domain.change import change
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.domain.job import Job
from rea.ports import Workspace


def job(name: str, seed: int = 1, limit_s: int = 77) -> Job:
    """Return a job of the workload's baseline, of fidelity ``full``."""
    return Job(
        id=JobId(name),
        experiment=ExperimentId("e1"),
        index=0,
        purpose=Purpose.SELECT,
        phase=Phase.VALIDATION,
        attempt=1,
        seed=seed,
        fidelity="full",
        change=change(),
        time_limit_s=limit_s,
    )


class WorkspaceConformance:
    """The laws of turning jobs into launches. The fixture ``workspace`` is one whose workload has a fidelity ``full``."""

    def test_a_launch_is_of_its_job_and_whole(self, workspace: Workspace) -> None:
        told = workspace.launch(job("e1.validation.s0.a1"))
        assert told.job == "e1.validation.s0.a1"
        assert told.time_limit_s == 77
        assert told.argv and all(told.argv)
        assert told.cwd.startswith("/") and told.directory.startswith("/")
        names = [name for name, _ in told.environment]
        assert names == sorted(set(names))

    def test_asked_again_it_is_the_same_launch(self, workspace: Workspace) -> None:
        """A backend refuses a job whose command changed: a wake that was killed in between must get the same one."""
        first = workspace.launch(job("a"))
        workspace.launch(job("b", seed=2))
        assert workspace.launch(job("a")) == first

    def test_each_job_has_a_place_of_its_own(self, workspace: Workspace) -> None:
        told = [workspace.launch(job(name)) for name in "abc"]
        assert len({launch.directory for launch in told}) == 3
        assert not any(a.directory.startswith(f"{b.directory}/") for a in told for b in told)

    def test_cleaning_is_safe_at_any_time_and_changes_no_launch(self, workspace: Workspace) -> None:
        workspace.clean(JobId("never-heard-of"))
        first = workspace.launch(job("a"))
        for _ in range(2):
            workspace.clean(JobId("a"))
        assert workspace.launch(job("a")) == first

    def test_a_limit_of_its_own_is_passed_on(self, workspace: Workspace) -> None:
        assert workspace.launch(replace(job("a"), time_limit_s=5)).time_limit_s == 5
