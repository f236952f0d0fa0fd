"""Phases, the experiments and replicates they hold, and what was dropped."""

from dataclasses import replace

from rea.campaign.folding.scheduling import know, want
from rea.domain import event as e
from rea.domain.campaign import Campaign, PhaseRecord


def phases(c: Campaign, event: e.Phases) -> None:
    match event:
        case e.PhaseOpened(round=round_, phase=phase) if c.phase(round_, phase) is None:
            c.phases[f"{round_}:{phase}"] = PhaseRecord(round=round_, phase=phase)
            _schedule(c, event)
        case e.ReplicatesAdded(round=round_, phase=phase) if (record := c.phase(round_, phase)) and not record.ended:
            _schedule(c, event)
        case e.ExperimentDropped() if event.experiment in c.experiments:
            c.dropped.setdefault(event.experiment, event.reason)
            for key in [k for k in c.unsettled if c.replicates[k].experiment == event.experiment]:
                del c.unsettled[key]
        case e.ReplicateCut():
            c.unsettled.pop(event.replicate, None)
        case e.PhaseEnded(round=round_, phase=phase) if (record := c.phase(round_, phase)) and not record.ended:
            c.phases[f"{round_}:{phase}"] = replace(record, ended=event.reason)
        case e.PhaseClosed(round=round_, phase=phase) if (record := c.phase(round_, phase)) and not record.closed:
            c.phases[f"{round_}:{phase}"] = replace(record, closed=True)
            c.findings.update({f"{f.experiment}:{f.phase}": f for f in event.findings})
        case e.Suggested() if event.batch == c.batches:
            c.batches += 1
            for experiment in event.experiments:
                know(c, experiment)
                c.suggested.setdefault(experiment.id, event.batch)
        case _:
            pass


def _schedule(c: Campaign, event: e.PhaseOpened | e.ReplicatesAdded) -> None:
    record = c.phases[f"{event.round}:{event.phase}"]
    for experiment in event.experiments:
        know(c, experiment)
    asked = dict.fromkeys(r.experiment for r in event.replicates)
    joins = tuple(x for x in asked if x not in c.runs_of or x not in reversed(record.experiments))  # most are new
    fresh = [r for r in event.replicates if r.key not in c.replicates and r.experiment in c.experiments]
    for replicate in fresh:
        want(c, replicate)
    keys = record.replicates + tuple(r.key for r in fresh)
    c.phases[f"{event.round}:{event.phase}"] = replace(record, replicates=keys, experiments=record.experiments + joins)
