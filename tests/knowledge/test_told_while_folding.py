"""What a phase of ten thousand experiments is closed with is known by folding: no job is looked through again, and the answers are the same."""

from collections.abc import Iterator

import pytest

from rea.campaign.evolve import evolve
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.evidence import Flag
from rea.domain.experiment import Phase
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.runbook import Cause, Remedy, Treatment
from rea.executor.backends.simulated import Run
from rea.knowledge import findings as found
from rea.knowledge.findings import findings
from rea.report.facts.tried import tried
from rea.statistics.score import pool_of
from rea.testing.simulation import Truth, World

ADJUSTED = Treatment(entry="oom", cause=Cause.RESOURCES, remedy=Remedy.ADJUST, reason="half a batch", changed=True)


@pytest.fixture(scope="module")
def world() -> World:
    def lost(job: object) -> Run | None:
        return Run(seconds=5.0, state=JobState.LOST, reason="preempted") if str(job).count("attempt=0") else None

    made = World(truth=Truth(effects={"a": 0.02, "b": 0.01, "c": 0.0}), failing=lost)
    made.run()
    return made


@pytest.fixture(scope="module")
def ended(world: World) -> Campaign:
    return world.state


def scanned(c: Campaign) -> set[str]:
    return {r.job.experiment for r in c.jobs.values() if r.treatment is not None and r.treatment.changed}


def opened(c: Campaign) -> Iterator[JobId]:
    return (job for job, r in c.jobs.items() if r.treatment is None)


def test_what_a_remedy_altered_is_known(ended: Campaign) -> None:
    assert ended.altered == scanned(ended) == set()
    job = next(opened(ended))
    after = evolve(ended, e.JobTreated(job=job, treatment=ADJUSTED))
    assert after.altered == scanned(after) == {ended.jobs[job].job.experiment}
    assert evolve(after, e.JobTreated(job=job, treatment=ADJUSTED)).altered == after.altered


def test_a_finding_about_it_says_so(ended: Campaign) -> None:
    record = ended.phase(1, Phase.VALIDATION)
    assert record is not None
    plain = findings(ended, record)
    one = plain[0].experiment
    job = next(job for job in opened(ended) if ended.jobs[job].job.experiment == one)
    after = evolve(ended, e.JobTreated(job=job, treatment=ADJUSTED))
    marked = {f.experiment for f in findings(after, record) if Flag.TREATMENT_CHANGED in f.flags}
    assert marked == {one}


def test_what_an_experiment_cost_is_the_sum_of_its_jobs(world: World, ended: Campaign) -> None:
    assert any(len(made) > 1 for made in ended.attempts.values()), "some were tried twice"
    of_change = {str(x.change): x for f in ended.findings.values() for x in (ended.experiments[f.experiment],)}
    highest = {name: sum(r.cost_ms for r in ended.jobs_of(x.id)) for name, x in of_change.items()}
    assert {i.change: i.cost_ms for i in world.kept.values() if i.change in highest and i.cost_ms} == highest


def test_the_report_s_cost_of_a_phase_is_that_of_its_jobs(ended: Campaign) -> None:
    shown = [(t.phase, t.seeds, t.cost_ms) for t in tried(ended) if t.p_value is not None]
    jobs = list(ended.jobs.values())
    by_jobs = [
        (
            str(f.phase),
            f.seeds,
            sum(r.cost_ms for r in jobs if (r.job.experiment, r.job.phase) == (f.experiment, f.phase)),
        )
        for f in ended.findings.values()
        if f.p_value is not None
    ]
    assert sorted(shown) == sorted(by_jobs)


def test_noise_is_pooled_once_for_a_phase(ended: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def counting(comparisons: object, *prior: float) -> object:
        counted.append(1)
        return pool_of(comparisons, *prior)  # type: ignore[arg-type]

    monkeypatch.setattr(found, "pool_of", counting)
    ended.memo.clear()
    for f in ended.findings.values():
        found.unshrunk(ended, f)
    assert len(counted) <= 4, "one of each kind of rows at each fidelity, not one a finding"
