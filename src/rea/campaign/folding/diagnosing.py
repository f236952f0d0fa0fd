"""Diagnoses: which failures are looked into, what is rerun for them, and what was found."""

from rea.campaign.folding.scheduling import know, want
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.diagnosis import Diagnosis


def diagnosing(c: Campaign, event: e.Diagnosing) -> None:
    match event:
        case e.DiagnosisOpened(job=job) if job in c.jobs and job not in c.diagnoses:
            c.diagnoses[job] = Diagnosis(job=job, experiment=c.jobs[job].job.experiment)
        case e.ProbeAdded(job=job, experiment=experiment, replicate=replicate) if job in c.diagnoses:
            know(c, experiment)
            if replicate.key not in c.replicates:
                want(c, replicate)
        case e.Diagnosed(diagnosis=found) if (known := c.diagnoses.get(found.job)) and known.fault is None:
            c.diagnoses[found.job] = found
            if found.experiment in c.dropped:
                c.dropped[found.experiment] += f"; {found.reason}"
        case e.CauseSuggested(suggestion=suggestion) if suggestion.job in c.diagnoses:
            c.suggestions.setdefault(suggestion.job, suggestion)
        case e.RemedyTried(trial=trial) if trial.job in c.suggestions and trial.job not in c.trials:
            c.trials[trial.job] = trial
            dropped = c.diagnoses[trial.job].experiment
            if trial.held and dropped in c.dropped:
                c.dropped[dropped] += f"; a remedy that was suggested held in {trial.rerun}"
        case _:
            pass
