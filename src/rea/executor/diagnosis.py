"""First principles: why something fails that no runbook entry knows, by rerunning less and less of it at the smoke run's size. Pure.

First the baseline as a control: where it fails too, the machine, the data or the code is at fault. Then the whole change, and then ever smaller
parts of it, down to one that fails and of which no part fails (delta debugging, Zeller & Hildebrandt, IEEE TSE 2002).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rea.domain.action import Decision
from rea.domain.campaign import Campaign, JobRecord
from rea.domain.change import BASELINE, Change, Patch
from rea.domain.diagnosis import Diagnosis, Fault
from rea.domain.event import AGENT, Diagnosed, DiagnosisOpened, Event, Paused, ProbeAdded
from rea.domain.experiment import Experiment, Phase, Purpose, Replicate, experiment_id
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus
from rea.domain.runbook import RunbookEntry
from rea.domain.workload import SMOKE
from rea.executor.failures import classify

MOST_PROBES = 16  # reruns of one diagnosis
SHARE = 0.02  # of the budget that all diagnoses together may cost


class _Wanted(Exception):
    """A rerun has to be made before the diagnosis can go on."""

    def __init__(self, change: Change) -> None:
        super().__init__(str(change))
        self.change = change


class _Running(Exception):
    """A rerun has not ended yet."""


class _Given(Exception):
    """No more reruns can be had."""


def opened(c: Campaign, job: JobId) -> tuple[Event, ...]:
    """Look into a failed job, where the campaign is beyond its calibration."""
    return (DiagnosisOpened(job=job),) if c.noise is not None else ()


def under_way(c: Campaign) -> Diagnosis | None:
    """Return the oldest diagnosis that is open."""
    return next((d for d in c.diagnoses.values() if d.fault is None), None)


def step(c: Campaign, runbook: Sequence[RunbookEntry]) -> Decision:
    """Return the next step of the oldest diagnosis that is open: another rerun, or what was found."""
    current = under_way(c)
    if current is None:
        return Decision()
    probes = _Probes(c, current.job, runbook)
    try:
        return Decision(events=_found(c, current, probes))
    except _Running:
        return Decision()
    except _Wanted as wanted:
        return Decision(events=(_probe(c, probes, current, wanted.change),))
    except _Given:
        reason = f"why is not clear: {len(probes.made)} reruns were made, more may not be"
        return Decision(events=(_diagnosed(current, Fault.UNCLEAR, probes.smallest, probes, reason),))


def smallest_failing(parts: Sequence[Change], fails: Callable[[Change], bool]) -> Change:
    """Return a part of ``parts``, which fail together, that fails and of which no part fails (ddmin)."""
    left, pieces = list(parts), 2
    while len(left) > 1:
        cut = [left[i * len(left) // pieces : (i + 1) * len(left) // pieces] for i in range(pieces)]
        rests = [[x for other in cut if other is not piece for x in other] for piece in cut]
        smaller = next((some for some in (*cut, *(rests if pieces > 2 else ())) if some and fails(joined(some))), None)
        if smaller is not None:
            pieces = 2 if smaller in cut else max(2, pieces - 1)
            left = smaller
        elif pieces >= len(left):
            break
        else:
            pieces = min(len(left), 2 * pieces)
    return joined(left)


def parts_of(change: Change) -> tuple[Change, ...]:
    """Return each override and each patch of a change as a change of its own."""
    of_patches = {name: p for p in change.patches for name in p.levers}
    alone = (Change(overrides=(o,)) for o in change.overrides if o[0] not in of_patches)
    return (*alone, *(_with_levers(p, change) for p in change.patches))


def _with_levers(patch: Patch, change: Change) -> Change:
    """Return a patch with what its levers are turned to: neither is anything without the other."""
    return Change(overrides=tuple(o for o in change.overrides if o[0] in patch.levers), patches=(patch,))


def joined(parts: Sequence[Change]) -> Change:
    return Change(
        overrides=tuple(o for part in parts for o in part.overrides),
        patches=tuple(p for part in parts for p in part.patches),
    )


def affordable(c: Campaign) -> bool:
    """Whether one more rerun may be made: while choosing goes on, and within the share of the budget that all of them may cost."""
    tiny = [e.id for e in c.experiments.values() if e.fidelity == SMOKE]
    spent = sum(c.costs.get(key, 0) for e in tiny for key in c.runs_of.get(e, ()))
    return c.phase(1, Phase.CONFIRMATION) is None and spent < SHARE * c.ledger.granted


class _Probes:
    """What the reruns of one diagnosis have shown so far."""

    def __init__(self, c: Campaign, job: JobId, runbook: Sequence[RunbookEntry]) -> None:
        self.c, self.runbook = c, runbook
        self.number = list(c.diagnoses).index(job)  # each diagnosis reruns its own control: what was so may have passed
        self.made: list[JobId] = []
        self.smallest = c.jobs[job].job.change

    def fails(self, change: Change) -> bool:
        """Whether a rerun of ``change`` fails in a way that no entry knows; what ends a job for a known reason is no evidence."""
        experiment = _experiment(self.c, change)
        key = Replicate(experiment=experiment.id, index=self.number, purpose=Purpose.DIAGNOSE).key
        if key not in self.c.replicates:
            raise _Wanted(change) if self._affordable() else _Given
        jobs = self.c.attempts.get(key, ())
        if not jobs:
            raise _Running if key in self.c.unsettled else _Given
        record = self.c.jobs[jobs[-1]]
        if not record.state.ended:
            raise _Running
        self.made.append(record.job.id)
        failed = self._unexplained(record)
        if failed and change != BASELINE:
            self.smallest = change
        return failed

    def _unexplained(self, record: JobRecord) -> bool:
        status = record.status or JobStatus(state=record.state)
        return record.state is JobState.FAILED and classify(self.runbook, status) is None

    def _affordable(self) -> bool:
        return len(self.made) < MOST_PROBES and affordable(self.c)


def _found(c: Campaign, d: Diagnosis, probes: _Probes) -> tuple[Event, ...]:
    change = c.jobs[d.job].job.change
    if probes.fails(BASELINE):
        reason = (
            "the baseline fails too, at the smoke run's size: it is the machine, the data or the code, not a change"
        )
        told = _diagnosed(d, Fault.ENVIRONMENT, BASELINE, probes, reason)
        return (
            told,
            Paused(reason=f"{reason}; see `rea logs {probes.made[-1]}`", by=AGENT, command=f"diagnosis:{d.job}"),
        )
    if not probes.fails(change):
        reason = "neither the baseline nor the change fails at the smoke run's size: it takes a longer run to fail"
        return (_diagnosed(d, Fault.SIZE, change, probes, reason),)
    minimal = smallest_failing(parts_of(change), probes.fails)
    reason = f"the baseline runs, and of the change {minimal} is enough to fail"
    return (_diagnosed(d, Fault.CHANGE, minimal, probes, reason),)


def _diagnosed(d: Diagnosis, fault: Fault, minimal: Change, probes: _Probes, reason: str) -> Diagnosed:
    evidence = tuple(dict.fromkeys(probes.made))
    told = f"{reason} ({len(evidence)} reruns)"
    return Diagnosed(diagnosis=replace(d, fault=fault, minimal=minimal, evidence=evidence, reason=told))


def _experiment(c: Campaign, change: Change) -> Experiment:
    return Experiment(id=experiment_id(c.workload_digest, change, SMOKE), change=change, fidelity=SMOKE)


def _probe(c: Campaign, probes: _Probes, d: Diagnosis, change: Change) -> Event:
    wanted, phase = _experiment(c, change), c.jobs[d.job].job.phase
    replicate = Replicate(experiment=wanted.id, index=probes.number, purpose=Purpose.DIAGNOSE, phase=phase)
    return ProbeAdded(job=d.job, experiment=wanted, replicate=replicate)
