"""Comparisons are due exactly where more is measured than compared, however quickly that is seen."""

from copy import copy

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.evidence import Rows
from rea.domain.experiment import Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.planner import arms
from rea.planner.arms import measured, pairs_due
from rea.testing.simulation import Truth, World


@pytest.fixture(scope="module")
def ended() -> Campaign:
    world = World(truth=Truth(effects={"a": 0.02, "b": 0.01}), budget_s=3000.0)
    world.run()
    return world.state


def due(c: Campaign) -> list[ExperimentId]:
    return [pair.experiment for pair in pairs_due(c, compared(c), Purpose.SELECT, Rows.JUDGE)]


def compared(c: Campaign) -> list[ExperimentId]:
    known = (e for e in c.experiments.values() if e.change != BASELINE and e.id not in c.dropped)
    return [e.id for e in known if c.comparison(e.id, c.setup.primary) is not None]


def rescored(c: Campaign, experiment: ExperimentId) -> Campaign:
    """The same campaign, in which a later job was scored for the first run of ``experiment``."""
    other = copy(c)
    other.scored = {**c.scored, c.runs_of[experiment][0]: JobId("later")}
    return other


def test_nothing_is_due_where_nothing_ran_since(ended: Campaign) -> None:
    assert len(compared(ended)) > 3
    assert due(ended) == []


def test_a_run_that_was_scored_again_is_due(ended: Campaign) -> None:
    first = compared(ended)[0]
    assert due(rescored(ended, first)) == [first]


def test_another_run_of_the_baseline_makes_every_comparison_due(ended: Campaign) -> None:
    baseline = ended.experiment_of(BASELINE, ended.setup.full.name)
    assert baseline is not None
    wanted = [e for e in compared(ended) if ended.experiments[e].fidelity == ended.setup.full.name]
    assert due(rescored(ended, baseline.id)) == wanted


def test_runs_of_another_purpose_are_left_out(ended: Campaign) -> None:
    """Confirmation's runs are of the same experiments, and are no part of what selection compared."""
    mixed = [e for e in compared(ended) if len(measured(ended, e)) < len(ended.runs_of[e])]
    assert mixed, "no arm was confirmed"
    assert not set(mixed) & set(due(ended))


def test_planted_bug_only_the_count_is_looked_at(ended: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_many(c: Campaign, experiment: ExperimentId) -> tuple[JobId, ...]:
        known = c.comparison(experiment, c.setup.primary)
        return known.jobs if known and len(known.jobs) == len(c.runs_of[experiment]) else ()

    monkeypatch.setattr(arms, "_latest", as_many)
    first = next(e for e in compared(ended) if len(measured(ended, e)) == len(ended.runs_of[e]))
    assert due(rescored(ended, first)) != [first]
