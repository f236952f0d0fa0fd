"""Judges and workspaces: one suite each over the real and the simulated one, and bugs that the suites see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conformance.planted import is_seen
from executor.materialise import toy
from judge.logs import DATA, Campaign, make_log

from rea.domain.action import ArmPair
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Rows
from rea.domain.ids import JobId
from rea.domain.job import Job, Launch
from rea.judge.seal import seal
from rea.ports import Judge, Workspace
from rea.testing.conformance_judge import Bench, JudgeConformance
from rea.testing.conformance_workspace import WorkspaceConformance
from rea.testing.conformance_workspace import job as asked
from rea.testing.simulation import SimulatedWorkspace, Truth, World


def simulated() -> Bench:
    world = World(truth=Truth(effects={}))
    jobs = [replace(asked(name), seed=seed) for seed, name in enumerate(("a1", "a2", "b1", "b2"))]
    world.jobs.update({job.id: job for job in jobs})
    a1, a2, b1, b2 = (job.id for job in jobs)
    return Bench(judge=world.ports.judge, arm=(a1, a2), baseline=(b1, b2))


class TestSimulatedJudge(JudgeConformance):
    @pytest.fixture
    def bench(self) -> Bench:
        return simulated()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("judge")
    directory = folder / "campaign"
    pq.write_table(make_log(), folder / "log.parquet")
    campaign = Campaign(directory, make_log(), seal(DATA, folder / "log.parquet", directory, 11))
    arm = (campaign.run("a1", 1, noise=0.1), campaign.run("a2", 2, noise=0.1))
    baseline = (campaign.run("b1", 1, noise=0.9), campaign.run("b2", 2, noise=0.9))
    refused = campaign.write("bad", 1, [1, 2], [0.5, float("nan")])
    return Bench(judge=campaign.judge(), arm=arm, baseline=baseline, refused=refused)


@pytest.mark.real
class TestProcessJudge(JudgeConformance):
    @pytest.fixture
    def bench(self, sealed: Bench) -> Bench:
        return sealed


@dataclass(frozen=True, slots=True)
class Hasty:
    """A judge that answers in its own order, never twice the same, and turns the sign round."""

    inner: Judge
    calls: "count[int]" = field(default_factory=count)

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
        found = [each for each in self.inner.measure(jobs) if isinstance(each, Measured)]
        off = 1.0 + next(self.calls)
        return [replace(m, measurements=tuple(replace(x, value=x.value / off) for x in m.measurements)) for m in found][
            ::-1
        ]

    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]:
        found = self.inner.compare(pairs, Rows.TEST, guardrails)
        return [replace(c, effect=-c.effect - 0.001) for c in found]

    def bound(self, rows: Rows) -> float | None:
        return float("nan")


@pytest.mark.parametrize(
    "law",
    [
        JudgeConformance.test_each_job_is_answered_in_the_order_asked,
        JudgeConformance.test_asked_again_it_says_the_same_whoever_is_asked_about_beside,
        JudgeConformance.test_each_pair_is_compared_in_order_and_names_its_jobs,
        JudgeConformance.test_an_arm_is_no_better_than_itself_and_better_is_positive,
        JudgeConformance.test_the_bound_is_a_number_or_unknown,
    ],
)
def test_a_hasty_judge_is_seen(law: Callable[..., None]) -> None:
    bench = simulated()
    is_seen(law, JudgeConformance(), replace(bench, judge=Hasty(bench.judge)))


def test_a_judge_that_leaves_out_what_it_refuses_is_seen() -> None:
    class Silent(Hasty):
        def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
            return self.inner.measure([job for job in jobs if job != "bad"])

    bench = simulated()
    with pytest.raises(ValueError, match="unpack"):
        law = JudgeConformance().test_what_is_refused_is_said_and_hides_no_other
        law(replace(bench, judge=Silent(bench.judge), refused=JobId("bad")))


@pytest.mark.real
class TestLocalWorkspace(WorkspaceConformance):
    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Workspace:
        repository = toy.repository(tmp_path / "repo")
        toy.commit(repository)
        campaign = tmp_path / "campaign"
        campaign.mkdir()
        return toy.workspace(campaign, repository)


class TestSimulatedWorkspace(WorkspaceConformance):
    @pytest.fixture
    def workspace(self) -> Workspace:
        return SimulatedWorkspace({})


class Improvising:
    """A workspace that makes something new up at each call, in one place for all, and trips over what it does not know."""

    def __init__(self) -> None:
        self._calls, self._known = count(), SimulatedWorkspace({})

    def launch(self, job: Job) -> Launch:
        told = replace(self._known.launch(job), directory="/jobs", argv=("train", str(next(self._calls))))
        return replace(told, time_limit_s=60, environment=(("B", "1"), ("A", "1")))

    def clean(self, job: JobId) -> None:
        assert job in self._known.jobs


@pytest.mark.parametrize(
    "law",
    [
        WorkspaceConformance.test_a_launch_is_of_its_job_and_whole,
        WorkspaceConformance.test_asked_again_it_is_the_same_launch,
        WorkspaceConformance.test_each_job_has_a_place_of_its_own,
        WorkspaceConformance.test_cleaning_is_safe_at_any_time_and_changes_no_launch,
        WorkspaceConformance.test_a_limit_of_its_own_is_passed_on,
    ],
)
def test_a_workspace_that_improvises_is_seen(law: Callable[..., None]) -> None:
    is_seen(law, WorkspaceConformance(), Improvising())
