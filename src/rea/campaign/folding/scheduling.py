"""How experiments and replicates become known, whoever asks for them: a phase, the search or a diagnosis."""

from rea.domain.campaign import Campaign
from rea.domain.experiment import Experiment, Replicate


def know(c: Campaign, experiment: Experiment) -> None:
    c.experiments.setdefault(experiment.id, experiment)
    c.alike.setdefault((experiment.fidelity, experiment.change), experiment.id)


def want(c: Campaign, replicate: Replicate) -> None:
    """Want a job for a replicate that is not known yet."""
    c.replicates[replicate.key] = replicate
    c.runs_of[replicate.experiment] = (*c.runs_of.get(replicate.experiment, ()), replicate.key)
    c.unsettled[replicate.key] = None
