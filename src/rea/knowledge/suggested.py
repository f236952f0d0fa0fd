"""What came of suggested remedies: a trial that ended is recorded, and one that held becomes a candidate for the runbook."""

from pathlib import Path

from rea.domain.campaign import Campaign, JobRecord
from rea.domain.change import BASELINE
from rea.domain.event import Event, RemedyTried
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.suggestion import Suggestion, Trial
from rea.knowledge.runbook.candidate import Candidate, Case, candidate

FOLDER = "runbook"  # in the campaign's directory: candidates, one file each


def note(c: Campaign, job: JobId, rerun: JobId, directory: Path) -> tuple[Event, ...]:
    """Keep the candidate of a remedy that held, and record the trial."""
    record = c.jobs[rerun]
    held = record.state is JobState.SUCCEEDED
    found = candidate(case_of(c, job, rerun)) if held else Candidate(problem="the rerun failed with it, too")
    if found.text:
        folder = directory / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f"{found.name}.half"
        half.write_text(found.text, encoding="utf-8")
        half.replace(folder / f"{found.name}.toml")
    return (RemedyTried(trial=Trial(job=job, rerun=rerun, held=held, entry=found.name, reason=found.problem)),)


def case_of(c: Campaign, job: JobId, rerun: JobId) -> Case:
    """Return the case of a failed job: its log and that of its smallest rerun on one side, the control's and the cured rerun's on the other."""
    s: Suggestion = c.suggestions[job]
    assert s.cause is not None
    shown, cured = c.jobs[c.attempts[c.jobs[rerun].job.replicate.key][0]], c.jobs[rerun]
    controls = [r for r in map(c.jobs.__getitem__, c.diagnoses[job].evidence) if r.job.change == BASELINE]
    passed = [r for r in (*controls, cured) if r.state is JobState.SUCCEEDED and r.job.purpose is Purpose.DIAGNOSE]
    return Case(
        cause=s.cause,
        remedy=s.remedy,
        moves=s.moves,
        lines=s.lines,
        failed=(_log(c.jobs[job]), _log(shown)),
        passed=tuple(_log(r) for r in passed),
        told=f"suggested by {s.by}; it held in {rerun}",
    )


def _log(record: JobRecord) -> str:
    """Return a log as symptoms are looked for in it: the last line is ours."""
    status = record.status
    told = f"{record.state}: {status.reason if status else ''}"
    return f"{status.log_tail[-8192:].rstrip()}\n{told}" if status and status.log_tail else told
