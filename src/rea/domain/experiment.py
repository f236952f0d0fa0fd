"""Experiments, their replicates, and the phases they belong to."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.change import Change
from rea.domain.ids import Digest, ExperimentId, HypothesisId, digest


class Phase(StrEnum):
    """The phases of a campaign, in order."""

    CALIBRATION = "calibration"
    VALIDATION = "validation"
    COMBINATION = "combination"
    EXPLOITATION = "exploitation"
    CONFIRMATION = "confirmation"


class Purpose(StrEnum):
    """What a replicate may be used for: choosing, claiming, or finding out why something fails (its predictions are never judged)."""

    SELECT = "select"
    CONFIRM = "confirm"
    DIAGNOSE = "diagnose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One change at one fidelity. Adding a seed never makes another experiment."""

    id: ExperimentId
    change: Change
    fidelity: str
    hypotheses: tuple[HypothesisId, ...] = ()


def experiment_id(workload: Digest, change: Change, fidelity: str) -> ExperimentId:
    """Return the id of an experiment: what it is, nothing else."""
    return ExperimentId("e" + digest("experiment", workload, change, fidelity)[:10])


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """One repetition of an experiment under a seed of its own."""

    experiment: ExperimentId
    index: int
    purpose: Purpose = Purpose.SELECT
    phase: Phase = Phase.VALIDATION

    @property
    def key(self) -> str:
        """The replicate's name; a job's name is this and the attempt."""
        return f"{self.experiment}.{self.purpose}.s{self.index}"


def seed_of(campaign_seed: int, change: Change, purpose: Purpose, index: int) -> int:
    """Return the seed of a replicate: fresh in every arm, the same at every fidelity, so that a rung can be resumed."""
    return int(digest("seed", campaign_seed, change, purpose, index)[:8], 16) % 2**31
