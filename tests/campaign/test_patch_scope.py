"""The one door and patches: no job runs one that did not pass the gate, nor turns the lever of a patch that it does not hold."""

from dataclasses import replace

from rea.campaign.evolve import evolve
from rea.campaign.guard import out_of_scope
from rea.domain.campaign import Campaign
from rea.domain.change import Change, Patch
from rea.domain.event import PatchAdmitted, PatchRefused
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import Digest, ExperimentId, JobId
from rea.domain.job import Job
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.workload import Command, Data, Fidelity, MetricName, Workload
from rea.executor.diagnosis import joined, parts_of

LEVER = Lever(name="gate", type=LeverType.BOOL, role=Role.OTHER, default=False)
PATCH = Patch(digest=Digest("p" * 64), paths=("model/a.py",), levers=("gate",))
ADMITTED = PatchAdmitted(patch=PATCH, levers=(LEVER,), added=1, removed=0, checks=(), by="ann")
ON = Change(overrides=(("gate", True),), patches=(PATCH,))


def campaign() -> Campaign:
    workload = Workload(
        name="w",
        command=Command(argv=("x",)),
        data=Data(path="d", label="l"),
        primary=MetricName.NE,
        levers=(Lever(name="lr", type=LeverType.FLOAT, role=Role.LEARNING_RATE, default=0.1, low=0.0, high=1.0),),
        fidelities=(Fidelity(name="full"),),
        editable=("model/*.py",),
    )
    return Campaign(workload=workload)


def job(change: Change) -> Job:
    return Job(
        id=JobId("j"),
        experiment=ExperimentId("e"),
        index=0,
        purpose=Purpose.SELECT,
        phase=Phase.VALIDATION,
        attempt=0,
        seed=1,
        fidelity="full",
        change=change,
    )


def test_what_passed_the_gate_may_run_and_its_lever_is_known() -> None:
    assert out_of_scope(evolve(campaign(), ADMITTED), job(ON)) == ""


def test_what_did_not_pass_may_not() -> None:
    """The planted bug is a journal without the admission: the same job is refused."""
    known = evolve(campaign(), replace(ADMITTED, patch=replace(PATCH, digest=Digest("q" * 64))))
    assert "did not pass the gate" in out_of_scope(known, job(ON))
    assert "no lever" in out_of_scope(campaign(), job(ON))
    refused = evolve(campaign(), PatchRefused(patch=PATCH.digest, reason="x", by="ann"))
    assert refused.patches == {}


def test_other_paths_than_those_that_passed_are_another_patch() -> None:
    c = evolve(campaign(), ADMITTED)
    other = replace(PATCH, paths=("judge/b.py",))
    assert "did not pass" in out_of_scope(c, job(Change(patches=(other,))))
    assert "not editable" in out_of_scope(
        evolve(campaign(), replace(ADMITTED, patch=other)), job(Change(patches=(other,)))
    )


def test_a_lever_without_its_patch_is_out_of_scope() -> None:
    assert "which the job does not hold" in out_of_scope(
        evolve(campaign(), ADMITTED), job(Change(overrides=(("gate", True),)))
    )


def test_admitting_twice_adds_once() -> None:
    once = evolve(campaign(), ADMITTED)
    assert evolve(once, ADMITTED).setup == once.setup
    assert [v.name for v in once.setup.levers] == ["lr", "gate"]
    assert evolve(Campaign(), ADMITTED).patches == {}, "unknown campaigns are left as they are"


def test_a_failure_is_looked_into_with_patch_and_lever_together() -> None:
    change = Change(overrides=(("gate", True), ("lr", 0.2)), patches=(PATCH,))
    parts = parts_of(change)
    assert set(parts) == {Change(overrides=(("lr", 0.2),)), ON}
    assert joined(parts) == change
