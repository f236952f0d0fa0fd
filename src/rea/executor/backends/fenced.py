"""A backend whose acts are fenced: whoever lost the right to advance a campaign submits and cancels nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rea.domain.ids import JobId
from rea.domain.job import JobStatus, Launch
from rea.ports import JobBackend


@dataclass(frozen=True, slots=True)
class Fenced:
    """``prove`` raises where the right was lost; it is asked immediately before each act.

    A process that is stopped between the proof and the act is not caught by it. It is harmless: a job runs once under its
    name whoever submits it, and what was to be cancelled stays cancelled.
    """

    backend: JobBackend
    prove: Callable[[], None]

    def submit(self, launch: Launch) -> str:
        self.prove()
        return self.backend.submit(launch)

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        return self.backend.poll(jobs)

    def cancel(self, job: JobId) -> None:
        self.prove()
        self.backend.cancel(job)
