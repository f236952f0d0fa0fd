"""A candidate is a file that a runbook takes: its symptom is bounded, tells failed runs from others, and quotes hostile logs harmlessly."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Role
from rea.domain.runbook import Cause, Remedy
from rea.knowledge.runbook import candidate as module
from rea.knowledge.runbook.candidate import Case, candidate, symptom_of
from rea.knowledge.runbook.load import load
from rea.knowledge.runbook.pattern import fault

LINE = "RuntimeError: expert 12 of 64 dropped at 0x7f3a99"
CASE = Case(
    cause=Cause.TREATMENT,
    remedy=Remedy.ADJUST,
    moves=(Move(role=Role.GRADIENT_CLIP, operation=Operation.SET, operand=1.0),),
    lines=("short", LINE),
    failed=(f"a\n{LINE}\nfailed: exit 1", "RuntimeError: expert 3 of 8 dropped at 0x11\nfailed: exit 1"),
    passed=("all is well\nsucceeded: exit 0", "done\nsucceeded: exit 0"),
    told="suggested by a language model; it held in e1",
)


def test_a_candidate_is_read_by_the_loader_and_finds_its_failures(tmp_path: Path) -> None:
    found = candidate(CASE)
    (tmp_path / f"{found.name}.toml").write_text(found.text)
    (entry,) = load(tmp_path)
    assert entry.priority < 0 and entry.limit == 1 and entry.moves == CASE.moves
    assert all(re.search(entry.symptom, log) for log in CASE.failed)
    assert found == candidate(CASE), "the same case is the same file"


def test_a_line_that_runs_print_that_did_not_fail_is_no_symptom() -> None:
    noisy = replace(CASE, passed=(*CASE.passed, "expert\nRuntimeError: expert 1 of 2 dropped at 0x1"))
    assert candidate(noisy).text == "" and "tells the runs" in candidate(noisy).problem
    assert candidate(replace(CASE, failed=(CASE.failed[0], "something else"))).text == ""
    assert candidate(replace(CASE, lines=("x", "12345678901234"))).text == ""


def test_planted_bug_without_the_rules_such_a_line_becomes_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = replace(CASE, passed=(*CASE.passed, "RuntimeError: expert 1 of 2 dropped at 0x1"))
    monkeypatch.setattr(module, "broken_rules", lambda _: [])
    assert candidate(noisy).text


@given(st.text(max_size=400))
def test_every_symptom_is_bounded_and_finds_its_own_line(line: str) -> None:
    if sum(ch.isalpha() for ch in line) < 12 or "\n" in line:
        return
    symptom = symptom_of(line)
    assert "longer than" in fault(symptom) or not fault(symptom), (symptom, fault(symptom))
    assert re.search(symptom, line)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=200))
def test_whatever_a_log_holds_the_file_says_no_more_than_that(noise: str) -> None:
    evil = f'{LINE} """\' {noise} remedy = "retry"'
    found = candidate(replace(CASE, lines=(LINE,), failed=(f"{evil}\nfailed: exit 1", CASE.failed[1])))
    if found.text:
        assert tomllib.loads(found.text)["remedy"] == "adjust"
