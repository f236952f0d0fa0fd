"""A simulated cluster that outlives the agent: what it was told to run is in a file of its own."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus, Launch
from rea.executor.backends.simulated import Run, SimulatedBackend

RECORD_BYTES = 512  # a power of two, so that no record lies on two pages and a killed writer leaves a whole one or none


@dataclass(slots=True, kw_only=True)
class LoggedCluster(SimulatedBackend):
    """Launches whatever it is told to, as often as it is told: like most schedulers, it does not know one name from another.

    ``log`` has a record for each launch, each cancellation and each step of its clock; ``clock`` is where the log left it.
    """

    log: Path
    clock: float = 0.0
    read: int = 0  # bytes of the log that are known

    def __post_init__(self) -> None:
        self.log.touch()
        self._catch_up()

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        self._catch_up()
        return SimulatedBackend.poll(self, jobs)

    def submit(self, launch: Launch) -> str:
        if self.reachable:
            run = self._limited(launch)
            told = {**asdict(run), "launch": launch.job, "at": self.now(), "wall": time.monotonic_ns()}
            self._note(told)
        return SimulatedBackend.submit(self, launch)

    def cancel(self, job: JobId) -> None:
        self._note({"cancel": job, "at": self.now()})
        SimulatedBackend.cancel(self, job)

    def tick(self, clock: float) -> None:
        """Let the cluster's clock go on."""
        self._note({"now": clock})

    def _limited(self, launch: Launch) -> Run:
        run = self.outcome(launch)
        if launch.time_limit_s and run.seconds > launch.time_limit_s:
            return Run(seconds=launch.time_limit_s, state=JobState.FAILED, reason="time_limit")
        return run

    def _note(self, what: dict[str, Any]) -> None:
        record = json.dumps(what).ljust(RECORD_BYTES - 1) + "\n"
        handle = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, record.encode())
        finally:
            os.close(handle)
        self._catch_up()

    def _catch_up(self) -> None:
        """Take in what any process has told the cluster since: it is one cluster, whoever asks."""
        with self.log.open() as file:
            file.seek(self.read)
            text = file.read()
        whole = len(text) // RECORD_BYTES * RECORD_BYTES
        self.read += whole
        for at in range(0, whole, RECORD_BYTES):
            self._recall(json.loads(text[at : at + RECORD_BYTES]))

    def _recall(self, told: dict[str, Any]) -> None:
        if "launch" in told:
            job = JobId(told["launch"])
            run = Run(
                seconds=told["seconds"],
                state=JobState(told["state"]),
                reason=told["reason"],
                log=told.get("log", ""),
                node=told.get("node", ""),
            )
            self.launches.append(job)
            self.started.setdefault(job, (told["at"], run))
        elif "cancel" in told:
            self.cancelled.setdefault(JobId(told["cancel"]), told["at"])
        else:
            self.clock = told["now"]
