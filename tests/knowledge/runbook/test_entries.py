"""The built-in runbook: what it claims, what it leaves alone, and that looking is fast."""

import re
import time
from dataclasses import replace

import pytest
from corpus.failures.texts import status_of

from rea.domain.runbook import Cause, Remedy, RunbookEntry
from rea.executor.failures import classify
from rea.knowledge.runbook.load import load

RUNBOOK = load()
every_entry = pytest.mark.parametrize("entry", RUNBOOK, ids=lambda entry: entry.name)

WANTED = {
    "cpu_out_of_memory",
    "cuda_out_of_memory",
    "killed",
    "loss_not_finite",
    "loss_explosion",
    "hang",
    "time_limit",
    "lost",
    "disk_full",
    "import_error",
    "bad_config",
    "data_missing",
    "predictions_refused",
}


def test_the_runbook_knows_what_it_has_to() -> None:
    assert {entry.name for entry in RUNBOOK} >= WANTED
    assert len(RUNBOOK) >= 16


@every_entry
def test_an_entry_matches_what_it_must_and_not_what_it_must_not(entry: RunbookEntry) -> None:
    assert len(entry.must_match) >= 2 <= len(entry.must_not_match)
    for text in entry.must_match:
        assert classify((entry,), status_of(text)) is entry
    for text in entry.must_not_match:
        assert classify((entry,), status_of(text)) is None


@every_entry
def test_no_other_entry_claims_what_an_entry_must_match(entry: RunbookEntry) -> None:
    for text in entry.must_match:
        assert classify(RUNBOOK, status_of(text)) is entry


def test_an_entry_that_claimed_too_much_would_show() -> None:
    greedy = replace(RUNBOOK[0], name="greedy", symptom="failed", priority=99)
    stolen = [e.name for e in RUNBOOK if classify((*RUNBOOK, greedy), status_of(e.must_match[0])) is greedy]
    assert len(stolen) > len(RUNBOOK) / 2


def test_the_order_of_entries_does_not_matter() -> None:
    for entry in RUNBOOK:
        for text in entry.must_match:
            assert classify(RUNBOOK[::-1], status_of(text)) == classify(RUNBOOK, status_of(text))


@every_entry
def test_only_divergence_collapse_and_impossible_configurations_count_against_a_treatment(entry: RunbookEntry) -> None:
    outside = {
        "lost",
        "terminated",
        "disk_full",
        "network",
        "accelerator_fault",
        "hang",
        "port_taken",
        "crash",
        "broken_checkpoint",
    }
    assert (entry.cause is Cause.INFRASTRUCTURE) == (entry.name in outside)
    if entry.remedy is Remedy.ADJUST:
        assert entry.exact == (entry.cause is Cause.RESOURCES)


@every_entry
def test_searching_a_hostile_tail_is_fast(entry: RunbookEntry) -> None:
    words = [text.split("\n")[0] for text in entry.must_match] + [
        "error: ",
        "loss ",
        "FileNotFoundError: data",
        "a",
        " ",
        "\n",
        "[",
    ]
    symptom = re.compile(entry.symptom, re.MULTILINE)
    for word in words:
        tail = (word * 8192)[:8192]
        begun = time.process_time()
        list(symptom.finditer(tail))
        assert time.process_time() - begun < 0.5
