"""The judge as the rest of the program sees it: a process that is asked and answers. It loads no numpy here."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

import rea
from rea.domain import errors
from rea.domain.action import ArmPair
from rea.domain.change import Change
from rea.domain.errors import ReaError
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Rows
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId, digest
from rea.domain.workload import Workload
from rea.judge.request import Answer, Comparing, Failure, Question, Request, Run

Meta = Callable[[JobId], tuple[int, Change, Purpose]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessJudge:
    """Scores predictions in ``directory/jobs/J/out`` against ``directory/sealed``; ``meta`` tells a job's seed, change and purpose."""

    directory: Path
    workload: Workload
    meta: Meta
    timeout_s: float = 600.0

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
        with tempfile.TemporaryDirectory(prefix="rea-judge-") as desk:
            asked, answered = Path(desk, "request.json"), Path(desk, "answer.json")
            asked.write_bytes(msgspec.json.encode(request))
            said = self._start(asked, answered)
            if not answered.exists():
                raise ReaError(
                    f"the judge ended with {said.returncode} and no answer: {_tail(said.stderr)}",
                    "nothing is lost: ask again",
                )
            answer = msgspec.json.decode(answered.read_bytes(), type=Answer)
        if answer.failure is not None:
            raise _error(answer.failure)
        return answer

    def _start(self, asked: Path, answered: Path) -> subprocess.CompletedProcess[bytes]:
        argv = [sys.executable, "-P", "-m", "rea.judge", str(asked), str(answered)]
        try:
            return subprocess.run(
                argv, capture_output=True, env=_environment(), timeout=self.timeout_s, check=False, cwd=asked.parent
            )
        except subprocess.TimeoutExpired as error:
            raise ReaError(
                f"the judge did not answer within {self.timeout_s:g} s", "nothing is lost: ask again"
            ) from error


def _environment() -> dict[str, str]:
    """Nothing of ours but this installation of the program; one thread, for the same sums every time."""
    ours = str(Path(rea.__file__).parents[1])
    fixed = {
        "PYTHONPATH": ours,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
    }
    return fixed | {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}


def _error(failure: Failure) -> ReaError:
    kind = getattr(errors, failure.kind, ReaError)
    return kind(failure.message, failure.hint)


def _tail(stderr: bytes) -> str:
    return stderr.decode(errors="replace").strip()[-800:]
