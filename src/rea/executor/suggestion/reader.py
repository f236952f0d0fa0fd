"""The reader of logs: the log alone in its hands, no tool, and an answer from closed lists that the log has to bear out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.domain.campaign import JobRecord
from rea.domain.change import BASELINE
from rea.domain.hypothesis import Move, Operation
from rea.domain.job import Job, JobStatus
from rea.domain.lever import Role
from rea.domain.runbook import Cause, Remedy
from rea.domain.suggestion import Suggestion
from rea.domain.workload import Workload
from rea.executor.failures import TAIL
from rea.executor.moves import apply, touches

FILE = Path(__file__).with_name("read_log.md")
MOST_LINES = 150  # of the log's end
WIDEST = 300
SPAN = 8
MOST_MOVES = 2
FACTOR = 16
TOKENS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the reader answers. No part of it is free text: a log cannot speak through it."""

    cause: Cause
    first: int
    last: int
    remedy: Remedy
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelReader:
    """The ``LogReader`` port over a language model."""

    model: Model

    def read(self, record: JobRecord, workload: Workload) -> Suggestion:
        """Return what ``model`` makes of the log of a failed job."""
        job, rows = record.job, lines(record.status)
        told = prompt(
            FILE,
            span=SPAN,
            moves=MOST_MOVES,
            factor=FACTOR,
            roles=", ".join(roles(workload)) or "(none)",
            tested=", ".join(name for name, _ in job.change.overrides) or "none",
        )
        answer = self.model.ask(
            Question(
                role="reader",
                instructions=told.text,
                material="\n".join(f"{number}: {row}" for number, row in enumerate(rows, 1)),
                answer=Reading,
                check=_check(rows, job, workload),
                most_tokens=TOKENS,
            )
        )
        by = f"a language model, prompt {told.digest[:12]}, call {answer.call[:12] or 'not recorded'}"
        found = answer.value
        if found is None or (wrong := wrong_with(found, rows, job, workload)):
            return Suggestion(job=job.id, cause=None, by=f"{by}: {answer.why if found is None else wrong}"[:500])
        shown = tuple(rows[found.first - 1 : found.last])
        return Suggestion(job=job.id, cause=found.cause, by=by, remedy=found.remedy, moves=found.moves, lines=shown)


def lines(status: JobStatus | None) -> tuple[str, ...]:
    """Return the lines that are read: the end of the log, then one of ours."""
    if status is None:
        return ()
    said = f"{status.log_tail[-TAIL:].rstrip()}\n{status.state}: {' '.join(status.reason.split())}"
    rows = said.splitlines()[-MOST_LINES:]
    return tuple("".join(ch for ch in row if ch.isprintable() or ch == "\t")[:WIDEST] for row in rows)


def roles(workload: Workload) -> tuple[str, ...]:
    """Return the roles that some lever plays."""
    return tuple(dict.fromkeys(str(v.role) for v in workload.levers if v.role is not Role.OTHER))


def wrong_with(found: Reading, rows: Sequence[str], job: Job, workload: Workload) -> str:
    """Return what is wrong with a reading, or nothing."""
    if not 1 <= found.first <= found.last < len(rows) or found.last - found.first >= SPAN:
        return (
            f"lines {found.first} to {found.last} are not 1 to {SPAN} lines of the log, which ends at {len(rows) - 1}"
        )
    if not any(row.strip() for row in rows[found.first - 1 : found.last]):
        return "the lines that it names are empty"
    if found.cause is Cause.UNKNOWN or found.remedy is Remedy.PAUSE:
        return "unknown is no cause, and to pause is not for a reader to say"
    if (found.remedy is Remedy.ADJUST) != bool(found.moves) or len(found.moves) > MOST_MOVES:
        return f"moves are wanted where the remedy is adjust, 1 to {MOST_MOVES}, and nowhere else"
    return next((told for move in found.moves if (told := _move(move, job, workload))), "")


def _check(rows: Sequence[str], job: Job, workload: Workload) -> Callable[[Reading], str]:
    return lambda found: wrong_with(found, rows, job, workload)


def _move(move: Move, job: Job, workload: Workload) -> str:
    if move.role is Role.OTHER or not workload.with_role(move.role):
        return f"no lever plays the role {move.role}"
    if touches(move, job, workload):
        return f"{move} undoes what the job tests"
    number = isinstance(move.operand, int | float) and not isinstance(move.operand, bool)
    if move.operation is Operation.MULTIPLY and not (number and 1 / FACTOR <= float(move.operand) <= FACTOR):
        return f"{move}: a factor lies between 1/{FACTOR} and {FACTOR}"
    return f"{move} turns no lever within its range" if apply((move,), job, workload) == BASELINE else ""
