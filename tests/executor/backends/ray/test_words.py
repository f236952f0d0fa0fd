"""Every word of Ray's, and what is not known is never a failure."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from rea.domain.job import JobState
from rea.executor.backends.ray import reading, states
from rea.executor.backends.ray.client import Entry
from rea.executor.backends.ray.states import ERRORS, OVER, STATES, state_of
from rea.executor.backends.reading import Look
from rea.executor.contract.control import Control, Life

GARBAGE = ("", "?", "running", "OUT_OF_JOY", "SUCCEEDED+", "\x00")


def of_ray(kind: str) -> set[str]:
    """Return the members of one of Ray's enumerations, as the version that is installed writes them; Ray is not imported."""
    found = find_spec("ray")
    if found is None or found.origin is None:
        pytest.skip("NO RAY HERE: pip install 'ranking-engineer-agent[ray]'")
    text = (Path(found.origin).parent / "dashboard/modules/job/common.py").read_text()
    body = text.split(f"class {kind}(str, Enum)")[1].split("\nclass ")[0]
    return set(re.findall(r'^    [A-Z_]+ = "([A-Z_]+)"$', body, re.MULTILINE))


def test_every_word_of_ray_is_mapped_and_no_other() -> None:
    assert of_ray("JobStatus") == set(STATES)
    assert of_ray("JobErrorType") == set(ERRORS) - {""}


@pytest.mark.parametrize("word", GARBAGE)
def test_what_is_not_known_may_only_wait(word: str) -> None:
    assert state_of(word) is JobState.UNKNOWN


def test_a_failure_for_a_reason_that_is_not_known_is_not_the_jobs() -> None:
    assert state_of("FAILED", "OUT_OF_JOY") is JobState.LOST


def test_planted_a_guess_at_unknown_words_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "STATES", {**STATES, "OUT_OF_JOY": JobState.FAILED})
    with pytest.raises(AssertionError):
        test_what_is_not_known_may_only_wait("OUT_OF_JOY")


def test_no_word_alone_means_success_and_only_what_is_over_has_ended() -> None:
    told = {(word, error): state_of(word, error) for word in STATES for error in ERRORS}
    assert JobState.SUCCEEDED not in told.values()
    assert {word for (word, _), state in told.items() if state.ended} == OVER


def looked(tmp_path: Path, *, claimed: bool, fresh: bool, cancelled: bool = False) -> Look:
    control = Control(life=Life.LOST if claimed else Life.NEW, claimed=claimed)
    return Look(directory=tmp_path, control=control, now=100.0, handed_over=1.0, fresh=fresh, cancelled=cancelled)


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_while_files_move_no_word_ends_a_job(tmp_path: Path, error: str) -> None:
    """The supervisor dies with its node's Ray; the job, in a session of its own, goes on."""
    entry = Entry(submission_id="k", status="FAILED", error_type=error)
    assert reading.by_ray(looked(tmp_path, claimed=True, fresh=True), entry).state is JobState.UNKNOWN


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_what_began_is_never_new_again_and_what_never_began_did_not_fail(tmp_path: Path, error: str) -> None:
    entry = Entry(submission_id="k", status="FAILED", error_type=error, message="why\nand more")
    began = reading.by_ray(looked(tmp_path, claimed=True, fresh=False), entry)
    never = reading.by_ray(looked(tmp_path, claimed=False, fresh=False), entry)
    assert began.state in (JobState.LOST, JobState.FAILED)
    assert never.state in (JobState.LOST, JobState.RESERVED)
    assert began.reason.startswith(f"FAILED {error}".strip())
    assert "and more" not in began.reason


def test_what_we_cancelled_is_cancelled(tmp_path: Path) -> None:
    entry = Entry(submission_id="k", status="STOPPED")
    told = reading.by_ray(looked(tmp_path, claimed=True, fresh=True, cancelled=True), entry)
    assert told.state is JobState.CANCELLED


def test_a_job_that_ray_calls_running_and_that_gives_no_sign_is_flagged(tmp_path: Path) -> None:
    entry, look = Entry(submission_id="x", status="RUNNING"), looked(tmp_path, claimed=True, fresh=False)
    assert reading.by_ray(replace(look, quiet_s=100.0), entry).state is JobState.RUNNING
    assert reading.by_ray(replace(look, quiet_s=600.0), entry).silent
    waiting = Entry(submission_id="x", status="PENDING")
    assert not reading.by_ray(replace(look, quiet_s=600.0), waiting).silent
