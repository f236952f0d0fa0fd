"""A run whose curve is hopeless is stopped, charged its share and judged by nothing; hardly one that would have been worth it is stopped."""

import os
from collections.abc import Sequence
from dataclasses import replace
from math import exp
from pathlib import Path
from random import Random

import pytest

from rea.campaign.replaying import replayed
from rea.domain.campaign import Campaign
from rea.domain.event import JobEnded, RunStopped
from rea.domain.evidence import Flag, Verdict
from rea.domain.ids import Digest
from rea.domain.job import Job, JobState
from rea.domain.workload import Curve
from rea.executor import stopping
from rea.executor.backends.simulated import Run
from rea.executor.curves import MOST_POINTS, read_curve
from rea.statistics.curves import Forecast, Points, forecast
from rea.testing.simulation import CAMPAIGN, Truth, World, draw, workload

EFFECTS = {"good": 0.02, "fair": 0.005, "none": 0.0, "bad": -0.15, "worse": -0.2}
RUN_S = 60.0
STEEP = 0.5  # such a fall that midway even the best is far above where the baseline ended


def curve_of(
    end: float, dice: Random, rate: float = 4.0, noise: float = 0.0005, height: float = 0.1
) -> tuple[tuple[float, float], ...]:
    """Return a loss that falls towards ``end`` from ``height`` above it."""
    return tuple((x / 20, end + height * exp(-rate * x / 20) + dice.gauss(0, noise)) for x in range(1, 21))


def world(monkeypatch: pytest.MonkeyPatch, effects: dict[str, float] = EFFECTS, height: float = 0.1) -> World:
    """Return a world whose trainings write curves, and run long enough apart that some are looked at midway."""
    declared = Curve(path="curve.jsonl", step="step", value="loss")
    monkeypatch.setattr("rea.testing.simulation.workload", lambda *a: replace(workload(*a), curve=declared))
    truth = Truth(effects=effects, seed_sd=0.001, row_sd=0.0005, run_s=RUN_S)

    def run(job: Job) -> Run:
        dice = draw(job.seed, "curve")
        seconds, end = RUN_S * (0.6 + 0.8 * dice.random()), 0.8 * (1 - truth.effect(job.change))
        return Run(seconds=seconds, curve=curve_of(end, dice, height=height))

    return World(truth=truth, budget_s=4000.0, rungs=False, failing=run)


def stops(w: World) -> list[RunStopped]:
    return [r.event for r in w.journal.read(CAMPAIGN) if isinstance(r.event, RunStopped)]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> tuple[World, Campaign]:
    w = world(monkeypatch)
    return w, w.run()


def test_the_hopeless_are_stopped_and_charged_their_share(ended: tuple[World, Campaign]) -> None:
    w, c = ended
    assert stops(w), "nothing was stopped: the test has nothing to see"
    for stopped in stops(w):
        record = c.jobs[stopped.job]
        assert record.state is JobState.CANCELLED
        assert 0 < record.cost_ms < 1400 * RUN_S
        assert {"bad", "worse"} & {name for name, _ in record.job.change.overrides}
        assert stopped.forecast.high < 0
    ends = [r.event for r in w.journal.read(CAMPAIGN) if isinstance(r.event, JobEnded)]
    assert c.ledger.spent == sum(e.cost_ms for e in ends)
    assert (c.ledger.held, c.ledger.overrun) == (0, 0)


def test_a_stop_is_no_verdict(ended: tuple[World, Campaign]) -> None:
    w, c = ended
    assert c.ended
    unjudged = {c.jobs[s.job].job.experiment for s in stops(w)} - {c.jobs[j].job.experiment for j in c.scored.values()}
    assert unjudged
    found = [f for f in c.findings.values() if f.experiment in unjudged]
    assert {f.verdict for f in found} == {Verdict.DROPPED}
    assert all(Flag.UNTESTED in f.flags and "no verdict" in f.reason and "99.8 %" in f.reason for f in found)
    told = [i for i in w.kept.values() if i.change in {str(c.experiments[e].change) for e in unjudged}]
    assert told and all(i.untested and i.measured is None for i in told if i.standing != "shared")


def test_what_was_stopped_is_not_tried_again_and_again(ended: tuple[World, Campaign]) -> None:
    changes = [ended[1].jobs[s.job].job.change for s in stops(ended[0])]
    assert max(map(changes.count, changes)) <= 2


def test_every_decision_to_stop_can_be_taken_anew(ended: tuple[World, Campaign]) -> None:
    w, _ = ended
    again = replayed(w.journal.read(CAMPAIGN), w.ports, Digest("runbook"), lambda at: w.ports.sources)
    assert again.different == ()


def test_told_twice_and_late_it_changes_nothing(ended: tuple[World, Campaign]) -> None:
    w, c = ended
    w.journal.append(CAMPAIGN, stops(w))
    assert w.state == c


def test_without_a_declared_curve_nothing_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world(monkeypatch)
    monkeypatch.setattr("rea.testing.simulation.workload", workload)
    w.run()
    assert stops(w) == []


def test_levers_that_bend_the_curve_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world(monkeypatch)
    monkeypatch.setattr("rea.executor.stopping.BENDING", frozenset({"other"}))
    w.run()
    assert stops(w) == []


def helped(w: World) -> list[RunStopped]:
    """Return the stops of runs that would have ended better than the baseline."""
    return [s for s in stops(w) if w.truth.effect(w.jobs[s.job].change) > 0]


def test_what_is_good_goes_on_although_midway_it_is_above_where_the_baseline_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w = world(monkeypatch, height=STEEP)
    w.run()
    assert stops(w) and not helped(w)


def test_planted_bug_a_rule_that_takes_the_curve_for_the_end_stops_what_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Midway even the best loss is above the baseline's at the end: who forgets that runs go on to fall stops what is good."""
    w = world(monkeypatch, height=STEEP)
    monkeypatch.setattr("rea.executor.stopping.forecast", as_it_stands)
    w.run()
    assert helped(w)


def as_it_stands(points: Points, finished: Sequence[Points]) -> Forecast:
    value = points[-1][1]
    return replace(told(finished), value=value, lowest=value, highest=value)


def told(finished: Sequence[Points]) -> Forecast:
    found = forecast([(0.5, 0.9)], finished)
    assert found is not None
    return found


def wrong_stops(dice: Random, honest: bool) -> tuple[int, int]:
    """Return how many runs were stopped that would have ended better than the baseline, and how many were, of curves of many shapes."""
    wrong = right = 0
    for _ in range(1500):
        finished = [curve_of(0.8 + dice.gauss(0, 0.01), dice, dice.lognormvariate(1.4, 0.3)) for _ in range(10)]
        end = 0.8 - 0.8 * dice.gauss(-0.01, 0.02)
        mine = curve_of(end, dice, dice.lognormvariate(1.4, 0.3))[: dice.randint(10, 16)]
        found = forecast(mine, finished)
        assert found is not None
        sure = found if honest else Forecast(found.value, 0.0, found.rests_on, found.value, found.value)
        if (0.8 - sure.reach(stopping.LEVEL)[0]) / 0.8 < -0.002:
            wrong, right = wrong + (end < 0.8), right + (end >= 0.8)
    return wrong, right


def test_hardly_one_in_a_hundred_of_the_stopped_would_have_been_worth_it() -> None:
    wrong, right = wrong_stops(Random(5), True)
    assert wrong <= 0.02 * right and right > 100


def test_planted_bug_a_forecast_without_its_error_stops_many_wrongly() -> None:
    assert wrong_stops(Random(5), False)[0] > 20


DECLARED = Curve(path="curve.jsonl", step="step", value="ne")


def test_a_curve_is_read_thinned_and_in_order(tmp_path: Path) -> None:
    lines = [f'{{"step": {n}, "ne": {1 / (n + 1)}}}' for n in range(200)]
    (tmp_path / "curve.jsonl").write_text(
        "\n".join(["not json", "[1]", '{"step": 1e999, "ne": 2}', *lines, '{"step": 3, "ne": 9}'])
    )
    found = read_curve(tmp_path, DECLARED)
    assert len(found) == MOST_POINTS and found[0] == (0.0, 1.0) and found[-1] == (199.0, 1 / 200)


@pytest.mark.parametrize("how", ["missing", "link", "folder", "pipe", "outside"])
def test_what_is_no_plain_file_of_the_job_is_no_curve(tmp_path: Path, how: str) -> None:
    out, secret, path = tmp_path / "out", tmp_path / "secret", tmp_path / "out" / "curve.jsonl"
    out.mkdir()
    secret.write_text('{"step": 1, "ne": 0.5}\n')
    match how:
        case "link":
            path.symlink_to(secret)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "outside":
            (out / "sub").symlink_to(tmp_path)
    declared = Curve(path="sub/secret", step="step", value="ne") if how == "outside" else DECLARED
    assert read_curve(out, declared) == ()
