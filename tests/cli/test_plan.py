"""The plan page for people and programs: what it can detect, a dry run, a refusal with its error code."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from rea.cli.main import rea
from rea.domain.event import HypothesesProposed, PlanDrafted
from rea.domain.hypothesis import Effect
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World


@pytest.fixture(scope="module")
def waiting() -> World:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012}), budget_s=2400.0, rungs=False)
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return w


def stored(w: World, state: Path, predicted: Effect | None = None) -> SqlJournal:
    """Put the campaign into a store, where wanted with other predictions and so another plan."""
    journal = SqlJournal(Database(state / "store.db"))
    for event in (r.event for r in w.journal.read(CAMPAIGN)):
        if predicted and isinstance(event, HypothesesProposed):
            event = replace(event, hypotheses=tuple(replace(h, predicted=predicted) for h in event.hypotheses))
        if predicted and isinstance(event, PlanDrafted):
            told = tuple(replace(h, predicted=predicted) for h in event.plan.hypotheses)
            event = replace(event, plan=replace(event.plan, hypotheses=told))
        journal.append(CAMPAIGN, (event,))
    return journal


def test_the_page_says_what_can_be_detected_and_what_is_promised(waiting: World, tmp_path: Path) -> None:
    stored(waiting, tmp_path)
    shown = CliRunner().invoke(rea, ["plan", "--state", str(tmp_path)], standalone_mode=False)
    for words in ("the budget can detect", "promised:", "the next 10 % of budget", "wrong if:", "prices: intervals"):
        assert words in shown.output


def test_a_dry_run_is_told_as_json_and_leaves_the_journal_alone(waiting: World, tmp_path: Path) -> None:
    journal = stored(waiting, tmp_path)
    before = journal.read(CAMPAIGN)
    call = ["plan", "--dry-run", "--plays", "2", "--json", "--state", str(tmp_path)]
    told = json.loads(CliRunner().invoke(rea, call, standalone_mode=False).stdout)
    assert told["dry_run"]["plays"] == 2
    assert {"gain", "nothing", "spent_ms", "wall_s", "phases"} <= set(told["dry_run"])
    assert journal.read(CAMPAIGN) == before


def test_a_plan_that_cannot_show_its_promise_is_refused_with_a_code_and_a_next_step(
    waiting: World, tmp_path: Path
) -> None:
    stored(waiting, tmp_path, Effect(value=0.0002, low=0.0001, high=0.0003))
    shown = CliRunner().invoke(rea, ["plan", "--json", "--state", str(tmp_path)], standalone_mode=False)
    told = json.loads(shown.stdout)
    assert told["outlook"]["refused"] and told["outlook"]["advice"]
    call = ["approve", "--digest", told["digest"], "--json", "--state", str(tmp_path)]
    error = json.loads(CliRunner().invoke(rea, call, standalone_mode=False).stdout)
    assert (error["error"], error["exit_code"]) == ("Undetectable", 2)
    assert error["next"]


def test_an_idea_too_small_to_be_told_is_refused_as_json(waiting: World, tmp_path: Path) -> None:
    stored(waiting, tmp_path)
    call = ["amend", "--set", "a=1.5", "--predicted", "0.0001", "--json", "--state", str(tmp_path)]
    error = json.loads(CliRunner().invoke(rea, call, standalone_mode=False).stdout)
    assert (error["error"], error["exit_code"]) == ("Undetectable", 2)
