"""Plots draw what there is, name what they hide, and leave no trace in matplotlib."""

import matplotlib as mpl
from report import campaigns
from report.campaigns import Page, Told, told

from rea.domain.experiment import Phase
from rea.report.facts import facts_of
from rea.report.plots import Plots, draw
from rea.report.plots.forest import NAME, names


def drawn(of: Told) -> Plots:
    return draw(facts_of(of.campaign, of.recorded))


def test_a_finished_campaign_has_every_plot_with_words_beside_it() -> None:
    plots = drawn(campaigns.winner())
    for plot in (plots.forest, plots.progress, plots.budget, plots.predicted):
        assert plot is not None
        assert plot.alt
        assert plot.svg.startswith("<svg")
        assert "currentColor" in plot.svg
        assert "DejaVu" not in plot.svg
    assert plots.forest is not None
    assert "supported, confirmed" in Page(plots.forest.svg).text
    assert "selected: validation" in Page(plots.forest.svg).text


def test_an_empty_campaign_has_none() -> None:
    assert drawn(told(())) == Plots()


def test_calibration_alone_has_cost_and_no_effects() -> None:
    plots = drawn(told(campaigns.winner().recorded[:20]))
    assert plots.forest is None
    assert plots.predicted is None
    assert plots.budget is not None


def test_names_say_first_what_few_others_share() -> None:
    rows = [t for t in facts_of(campaigns.winner().campaign, ()).tried if t.phase == Phase.EXPLOITATION]
    assert len(set(names(rows))) == len(rows)
    assert all(len(name) <= NAME for name in names(rows))


def test_drawing_changes_nothing_for_others() -> None:
    before = dict(mpl.rcParams)
    drawn(campaigns.winner())
    assert dict(mpl.rcParams) == before
