"""Jobs that take virtual time and end as a given function of the launch says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus, Launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a job goes: how long it takes in seconds, and the state, reason and log it ends with."""

    seconds: float
    state: JobState = JobState.SUCCEEDED
    reason: str = "exit 0"
    log: str = ""
    node: str = ""
    curve: tuple[tuple[float, float], ...] = ()  # how far (0 to 1) and how good


@dataclass(slots=True, kw_only=True)
class SimulatedBackend:
    """Runs each launch once, however often it is submitted. ``reachable`` False answers UNKNOWN, as a scheduler that is down does.

    With ``nodes``, a launch goes to the one with the fewest running jobs, the first of those, and ``on`` may say how it goes there.
    """

    outcome: Callable[[Launch], Run]
    now: Callable[[], float]
    reachable: bool = True
    started: dict[JobId, tuple[float, Run]] = field(default_factory=dict)
    cancelled: dict[JobId, float] = field(default_factory=dict)
    launches: list[JobId] = field(default_factory=list)
    nodes: tuple[str, ...] = ()
    on: Callable[[Launch, str], Run | None] = lambda launch, node: None

    def submit(self, launch: Launch) -> str:
        if not self.reachable:
            raise BackendUnreachable("the scheduler cannot be reached", "nothing is lost; wait")
        if launch.job not in self.started:
            self.launches.append(launch.job)
            node = self._free(launch.avoid)
            run = replace(self.on(launch, node) or self.outcome(launch), node=node)
            if launch.time_limit_s and run.seconds > launch.time_limit_s:
                run = Run(seconds=launch.time_limit_s, state=JobState.FAILED, reason="time_limit", node=node)
            self.started[launch.job] = (self.now(), run)
        return f"simulated:{launch.job}"

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        return {job: self._status(job) for job in jobs}

    def cancel(self, job: JobId) -> None:
        self.cancelled.setdefault(job, self.now())

    def next_end(self) -> float | None:
        """Return when the next running job ends, in virtual time."""
        ends = [start + run.seconds for job, (start, run) in self.started.items() if job not in self.cancelled]
        return min((end for end in ends if end > self.now()), default=None)

    def _free(self, avoid: Sequence[str]) -> str:
        """Return the node with the fewest running jobs; "" where the cluster has none by name."""
        now = self.now()
        busy = [run.node for start, run in self.started.values() if start + run.seconds > now]
        return min((node for node in self.nodes if node not in avoid), key=busy.count, default="")

    def _status(self, job: JobId) -> JobStatus:
        if not self.reachable:
            return JobStatus(state=JobState.UNKNOWN, reason="the scheduler cannot be reached")
        if job not in self.started:
            return JobStatus(state=JobState.RESERVED, reason="never heard of it")
        start, run = self.started[job]
        end = min(start + run.seconds, self.cancelled.get(job, float("inf")))
        if self.now() < end:
            share = (self.now() - start) / run.seconds
            shown = tuple(point for point in run.curve if point[0] <= share)
            return JobStatus(state=JobState.RUNNING, seconds=self.now() - start, node=run.node, curve=shown)
        if job in self.cancelled and self.cancelled[job] < start + run.seconds:
            return JobStatus(state=JobState.CANCELLED, reason="cancelled", seconds=end - start)
        return JobStatus(
            state=run.state,
            reason=run.reason,
            log_tail=run.log,
            seconds=run.seconds,
            node=run.node,
            curve=run.curve,
        )
