"""A program that catches what kills it and prints one sentence (``training failed: ValueError: ...``) is understood as well as one that does not."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from corpus.failures.texts import guess, texts

from rea.domain.job import JobStatus
from rea.executor import ending
from rea.knowledge.runbook.load import load

RUNBOOK = load()
RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception): .+", re.MULTILINE)
EVERY = 5  # of the corpus's tracebacks, of which there are some five hundred
BEFORE = "step 100 loss 0.52\nstep 110 loss 0.51\n"


def exceptions() -> Iterator[tuple[str, JobStatus]]:
    """Yield the last exceptions of the corpus's texts, one line each, and how the process ended."""
    traced = [status for half in ("seen", "unseen") for _, _, status in texts(half) if "Traceback" in status.log_tail]
    for status in traced[::EVERY]:
        if raised := RAISED.findall(status.log_tail):
            yield raised[-1], status


def understood_otherwise(form: str) -> list[str]:
    """Return the exceptions that are taken for something else once a program only reports them."""
    found = [
        (told, *(guess(RUNBOOK, replace(status, log_tail=BEFORE + said)) for said in (told, form.format(told))))
        for told, status in exceptions()
    ]
    assert len(found) > 60
    return [told for told, flown, reported in found if flown != reported]


@pytest.mark.parametrize("form", ["training failed: {}", "ERROR main: run 7 ended with {}"])
def test_a_reported_exception_is_taken_for_what_it_is(form: str) -> None:
    assert understood_otherwise(form) == []


def test_planted_bug_lines_that_are_read_from_their_beginning_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "REPORTED", re.compile(r"\Zx"))
    assert len(understood_otherwise("training failed: {}")) >= 3
