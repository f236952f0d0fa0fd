"""Why something fails that no runbook entry knows: what was found out by running less and less of it."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.change import BASELINE, Change
from rea.domain.ids import ExperimentId, JobId


class Fault(StrEnum):
    """Where a failure comes from, as far as controlled reruns can tell."""

    ENVIRONMENT = "environment"  # the baseline fails too: the machine, the data or the code
    CHANGE = "change"  # the change fails where the baseline does not
    SIZE = "size"  # neither fails at the smoke run's size
    UNCLEAR = "unclear"  # the diagnosis ran out of what it may spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Of one failed job. ``minimal`` is the smallest part of its change that still fails, ``evidence`` the reruns that show it."""

    job: JobId
    experiment: ExperimentId
    fault: Fault | None = None  # None: not known yet
    minimal: Change = BASELINE
    evidence: tuple[JobId, ...] = ()
    reason: str = ""
