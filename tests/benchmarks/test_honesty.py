"""The statistics' benchmark by itself: whole campaigns keep what they promise on a small scale, and planted bugs are seen."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from benchmarks.honesty import world
from benchmarks.honesty.bench import kept, path, units
from benchmarks.honesty.figures import Figures, figures, missed, worst
from benchmarks.honesty.settings import SETTINGS, Setting
from benchmarks.honesty.world import Judged, Planted, Told, unit
from rea.domain.evidence import Finding, Verdict
from rea.knowledge.verdict import Arm, Terms, confirm
from rea.statistics.variance import Pool
from rea.testing.memory import MemoryJournal

NULL, HELPS = SETTINGS[0], next(s for s in SETTINGS if s.power)
CAMPAIGNS = 40
SOUND = Planted()
SURPRISING = 3.0  # standard errors


@cache
def run(setting: Setting, planted: Planted = SOUND) -> Figures:
    return figures([unit(setting, seed, planted) for seed in range(700, 700 + CAMPAIGNS)])


def told(launched: float | None = None, interval: tuple[float, float] = (0.0, 0.0), *finalists: Judged) -> list[Told]:
    return [
        Told(launched=launched, interval=interval, value=0.0, finalists=list(finalists), jobs=30, ended=True, opened=bool(finalists))
    ]  # fmt: skip


@pytest.mark.slow
def test_a_whole_null_campaign_confirms_without_optimism() -> None:
    found = run(NULL)
    assert found.unfinished == 0
    assert found.finalists > 5, "campaigns that never confirm would prove nothing"
    assert found.optimism < SURPRISING
    assert found.lower <= 0.05


@pytest.mark.slow
def test_planted_bug_confirming_on_what_was_chosen_by_is_seen() -> None:
    assert run(NULL, Planted(old_seeds=True, old_rows=True)).optimism > SURPRISING


@pytest.mark.slow
def test_an_effect_of_two_seed_deviations_is_found() -> None:
    found = run(HELPS)
    assert found.power > 0.7
    assert found.worse == 0


@pytest.mark.slow
def test_planted_bug_verdicts_that_never_confirm_have_no_power(monkeypatch: pytest.MonkeyPatch) -> None:
    def timid(arms: Sequence[Arm], pool: Pool, terms: Terms) -> tuple[Finding, ...]:
        return tuple(replace(f, verdict=Verdict.INCONCLUSIVE) for f in confirm(arms, pool, terms))

    monkeypatch.setattr("rea.knowledge.findings.confirm", timid)
    assert figures([unit(HELPS, seed) for seed in range(3)]).power == 0


def test_a_test_set_that_was_opened_five_times_confirms_nothing_more() -> None:
    assert unit(HELPS, 0)[0]["launched"]
    journal = MemoryJournal()
    world._opened_before(journal, 5)
    made = world.world(HELPS, 0, 0, journal)
    late = world.tell(made, world.run(made))
    assert late["opened"]
    assert late["launched"] is None


def test_planted_bug_openings_that_cost_nothing_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.planner.phases.confirmation.alpha_for_opening", lambda number, alpha: alpha)
    journal = MemoryJournal()
    world._opened_before(journal, 5)
    made = world.world(HELPS, 0, 0, journal)
    assert world.tell(made, world.run(made))["launched"]


def test_figures_count_what_they_say() -> None:
    good, off = Judged(true=0.0, low=-1.0, high=1.0), Judged(true=0.0, low=0.5, high=1.0)
    found = figures([told(), told(0.0, (0.1, 1.0), off), told(2.0, (1.0, 3.0), good), told(-1.0, (-2.0, 0.0), good)])
    assert (found.units, found.false, found.found, found.promoted, found.worse) == (4, 2, 1, 3, 1)
    assert (found.covered, found.finalists, found.held) == (2, 3, 2)
    assert found.lower < 0.5 < found.upper


def test_every_bar_that_is_missed_is_named() -> None:
    fair = Judged(true=0.0, low=-1.0, high=1.0)
    bad = [told(-1.0, (0.0, 1.0), replace_low(fair)) for _ in range(600)]
    setting = replace(HELPS, name="bad")
    lines = list(missed([(setting, figures(bad))]))
    assert [line.split(":")[0] for line in lines] == ["bad"] * 5
    assert worst([(setting, figures(bad))])[1:] == (0.0, 0.0, 1.0)


def replace_low(f: Judged) -> Judged:
    return Judged(true=f["true"], low=0.5, high=f["high"])


def test_what_was_cut_off_is_done_again_and_nothing_counts_twice(tmp_path: Path) -> None:
    path(tmp_path, NULL).write_text("[0, []]\n[0, []]\n[1, []]\n[2, [")
    assert [seed for seed, _ in kept(tmp_path, NULL)] == [0, 1]


def test_a_series_counts_as_one_unit_and_so_many_campaigns() -> None:
    series = next(s for s in SETTINGS if s.series > 1)
    assert units(series, 4000) == 4000 // series.series
