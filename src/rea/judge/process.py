"""The judge as the rest of the program sees it: a process that is asked and answers. It loads no numpy here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rea.domain import errors
from rea.domain.action import ArmPair
from rea.domain.change import Change
from rea.domain.errors import ReaError
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Rows
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId, digest
from rea.domain.workload import Workload
from rea.judge.desk import Desk
from rea.judge.request import Answer, Comparing, Failure, Question, Request, Run

Meta = Callable[[JobId], tuple[int, Change, Purpose]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessJudge:
    """Scores predictions in ``directory/jobs/J/out`` against ``directory/sealed``; ``meta`` tells a job's seed, change and purpose."""

    directory: Path
    workload: Workload
    meta: Meta
    timeout_s: float = 600.0
    desk: Desk = field(default_factory=Desk, init=False, repr=False, compare=False)

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
        """Judge ended jobs, in the order given; asking again gives the same answer."""
        said = self._ask(Request(question=self._question(), measure=tuple(map(self._run, jobs))))
        found: dict[JobId, Measured | PredictionsRefused] = {each.job: each for each in said.measured}
        found |= {each.job: each for each in said.refused}
        return [found[job] for job in jobs]

    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]:
        """Compare arms that were measured. Only this, with ``Rows.TEST``, and ``bound`` read test labels."""
        asked = Comparing(pairs=tuple(pairs), rows=rows, guardrails=guardrails)
        return self._ask(Request(question=self._question(), compare=asked)).comparisons

    def bound(self, rows: Rows) -> float | None:
        """Return the best primary metric that is reachable on these rows, or the best known; None where nobody knows."""
        return self._ask(Request(question=self._question(), bound=rows)).bound

    def _run(self, job: JobId) -> Run:
        seed, change, purpose = self.meta(job)
        return Run(job=job, seed=seed, change=digest("change", change), purpose=purpose)

    def _question(self) -> Question:
        return Question(
            campaign=str(self.directory),
            predictions=self.workload.command.predictions,
            claims=self.workload.command.claims,
            row_id=self.workload.data.row_id,
            primary=self.workload.primary,
            guardrails=self.workload.guardrails,
            bound=self.workload.bound,
        )

    def _ask(self, request: Request) -> Answer:
        answer = msgspec.json.decode(self.desk.ask(msgspec.json.encode(request), self.timeout_s), type=Answer)
        if answer.failure is not None:
            raise _error(answer.failure)
        return answer


def _error(failure: Failure) -> ReaError:
    kind = getattr(errors, failure.kind, ReaError)
    return kind(failure.message, failure.hint)
