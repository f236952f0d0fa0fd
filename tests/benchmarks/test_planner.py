"""The planner's benchmark by itself: budgets hold, searches repeat, the agent's own campaign runs in it, and a ratio is of means or is not given."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from benchmarks.planner import agent, contenders, records, score, traces, trainer
from benchmarks.planner.cells import CELLS, UNTOUCHED, Cell, Configuration, words
from benchmarks.planner.levers import declared, default_of, workload
from benchmarks.planner.purse import BROKEN, RUNS, Purse, Spent, handed_over
from benchmarks.planner.records import Missing, Records
from benchmarks.planner.score import Gain, Result
from benchmarks.planner.shelf import Line, Shelf
from benchmarks.planner.trainer import BLOCKS, SHARES, WHOLE, Trained

CELL = next(cell for cell in CELLS if cell.name == "deepfm.frappe")
HELPS = {"dropout", "embedding_l2", "schedule"}


@dataclass(slots=True)
class Invented(Records):
    """Trainings that follow a formula: turning what is in ``HELPS`` gains 3 %, anything else loses a little, seeds scatter by 0.2 %."""

    work: Path = Path("/nonexistent")
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        return

    def train(self, cell: Cell, configuration: Configuration, seed: int, rung: int = WHOLE) -> Trained:
        self.asked.append(f"{words(cell, configuration)} {seed}")
        gain = sum(0.03 if name in HELPS else -0.004 for name in configuration)
        noise = Random(f"{sorted(configuration.items())} {seed}").gauss(0, 0.002)
        value = 0.5 * (1 - gain - noise)
        curve = tuple(value * (1 + 0.3 * (1 - share)) for share in SHARES)
        whole = value * (1 + 0.001)
        dice = Random(seed)
        blocks = tuple(value * (1 + dice.gauss(0, 0.01)) for _ in range(BLOCKS))
        return Trained(curve=curve, blocks=blocks, test=whole, auc=0.9, seconds=1.0, reading=0.1)


class StoppedEarly(Invented):
    """Trainings whose whole is said to have cost less than a third of them."""

    def train(self, cell: Cell, configuration: Configuration, seed: int, rung: int = WHOLE) -> Trained:
        done = super().train(cell, configuration, seed, rung)
        return replace(done, costs=(*(0.5 for _ in SHARES[:-1]), 0.4))


@pytest.mark.parametrize("name", [n for n in contenders.CONTENDERS if n != "gp"])  # the GP sampler needs torch
@pytest.mark.parametrize("level", ["full", "shared"])
def test_a_contender_spends_its_purse_and_not_more_and_repeats_itself(name: str, level: str) -> None:
    purses = [Purse(Invented(), CELL, RUNS[level]) for _ in range(2)]
    for purse in purses:
        contenders.search(name, purse, CELL.spans(level), 3)
    assert purses[0].trace == purses[1].trace
    assert RUNS[level] - 1.2 <= purses[0].spent <= RUNS[level]
    assert purses[0].best < 0.5


def test_a_purse_refuses_what_it_cannot_pay() -> None:
    purse = Purse(Invented(), CELL, limit=2.5)
    for seed in range(2):
        purse.run({}, seed)
    with pytest.raises(Spent):
        purse.run({}, 2)
    assert purse.spent == 2.0


def test_what_was_paid_for_a_rung_is_not_paid_again() -> None:
    purse = Purse(Invented(), CELL)
    purse.upto({}, 1, 0, 0.0)
    first = purse.spent
    assert math.isclose(first, 0.1 + 0.9 / 9)
    purse.upto({}, 1, 3, first)
    assert math.isclose(purse.spent, 1.0)


@dataclass(slots=True)
class Steps:
    """A training whose NE falls by a tenth at each rung, at a second a rung; ``breaks`` at one of them."""

    breaks: int = 9
    found: Trained = field(default_factory=lambda: Trained(curve=(), blocks=(), test=0.0, auc=0.0, seconds=0.0))

    def upto(self, rung: int) -> Trained:
        for at in range(len(self.found.curve), rung + 1):
            if at == self.breaks:
                self.found = replace(self.found, seconds=at + 0.5, failed="NotFinite")
                break
            curve, costs = (*self.found.curve, 0.9 - at / 10), (*self.found.costs, at + 1.0)
            self.found = replace(self.found, curve=curve, costs=costs, blocks=(0.1,) * BLOCKS, seconds=4.0)
        return self.found


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Records]:
    """Records in a folder, whose trainings are ``Steps``."""
    monkeypatch.setattr(records.SHELF.__class__, "_all", lambda self, work: in_order(self, work))
    monkeypatch.setattr(trainer, "warm", lambda: None)
    monkeypatch.setattr(Records, "_view", lambda self, name: (tmp_path, None))
    monkeypatch.setattr(Records, "_print", lambda self, name: name)
    monkeypatch.setattr(Records, "_pace", lambda self, *_: 1.0)

    def made(replay_only: bool = False, breaks: int = 9) -> Records:
        monkeypatch.setattr(records, "Course", lambda *_: Steps(breaks))
        return Records(tmp_path, replay_only=replay_only)

    return made


def in_order(shelf: Shelf, work: Path) -> Iterator[Line]:
    """Yield the lines of processes alone, the last written first: which of two counts must not depend on the order."""
    for path in sorted(work.glob(f"{shelf.prefix}-*.jsonl")):
        yield from map(json.loads, reversed(path.read_text().splitlines()))


def test_a_training_goes_as_far_as_it_is_asked_for_and_is_replayed_so_far(kept: Callable[..., Records]) -> None:
    some = kept()
    assert some.train(CELL, {}, 1, 0).curve == (0.9,)
    assert kept(replay_only=True).train(CELL, {}, 1, 0).cost(0) == 1.0
    with pytest.raises(Missing):
        kept(replay_only=True).train(CELL, {}, 1, WHOLE)
    assert len(some.train(CELL, {}, 1).curve) == len(SHARES)
    again = kept(replay_only=True)
    assert again.train(CELL, {}, 1).curve == some.train(CELL, {}, 1).curve
    assert [again.train(CELL, {}, 1).cost(rung) for rung in range(4)] == [1.0, 2.0, 3.0, 4.0]


def test_what_breaks_late_answers_for_what_came_before(kept: Callable[..., Records]) -> None:
    some = kept(breaks=2)
    assert not some.train(CELL, {}, 1, 1).failed
    broken = some.train(CELL, {}, 1)
    assert broken.fails(WHOLE) and not broken.fails(1)
    assert broken.cost(1) == 2.0 and broken.cost(WHOLE) == 2.5
    purse = Purse(some, CELL)
    purse.unit = 1.0
    assert purse.upto({}, 1, 1, 0.0) < BROKEN == purse.upto({}, 1, WHOLE, 2.0)
    assert kept(replay_only=True).train(CELL, {}, 1) == broken


def test_going_on_leaves_what_was_charged_before(kept: Callable[..., Records]) -> None:
    first = Trained(curve=(0.9,), blocks=(), test=0.0, auc=0.0, seconds=4.0, costs=(1.5,))
    later = Trained(curve=(0.9, 0.8), blocks=(), test=0.0, auc=0.0, seconds=4.0, costs=(1.0, 2.0))
    assert later.after(first, 2.0).costs == (1.5, 4.0)


def test_what_is_kept_with_the_project_is_replayed_without_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REA_DATA", raising=False)
    kept = {line["cell"]: line for line in records.SHELF.lines(tmp_path)}
    some = Records(tmp_path, replay_only=True)
    by_name = {cell.name: cell for cell in CELLS}
    for name, line in kept.items():
        assert some.key(by_name[name], tuple(line["words"].split(" ")), line["seed"]) == line["key"]


def test_what_is_handed_over_is_what_was_known_then() -> None:
    trace: traces.Trace = [(0.0, {}), (3.0, {"dropout": 0.1}), (50.0, {"dropout": 0.2})]
    assert [handed_over(trace, at) for at in (0.0, 2.9, 3.0, 49.0, 80.0)] == [
        {},
        {},
        {"dropout": 0.1},
        {"dropout": 0.1},
        {"dropout": 0.2},
    ]


def test_the_agents_campaign_finds_what_helps_within_the_same_budget() -> None:
    told = agent.campaign(Invented(), CELL, "shared", 1)
    assert all(spent <= RUNS["shared"] for spent, _ in told)
    assert len(HELPS & set(told[-1][1])) >= 2
    assert told == agent.campaign(Invented(), CELL, "shared", 1)


def test_going_on_with_a_training_never_costs_less_than_nothing() -> None:
    """A third and the whole were timed apart, and the whole may have stopped early: the store would refuse to take money back."""
    told = agent.campaign(StoppedEarly(), CELL, "shared", 1)
    assert len(HELPS & set(told[-1][1])) >= 2


def test_every_lever_is_the_rankers_own_and_its_default_lies_in_the_workload() -> None:
    for cell in CELLS:
        for name in cell.spans("full"):
            lever = workload(cell, "full").lever(name)
            assert lever is not None and lever.admits(default_of(cell, name)), (cell, name)
    assert UNTOUCHED in CELLS and len(CELLS) == 12 and len({cell.model for cell in CELLS}) == 6
    assert set(CELL.spans("shared")) < set(CELL.spans("full")) <= {lever.name for lever in declared().levers}


def results(gains: dict[str, float], cells: tuple[Cell, ...] = CELLS, error: float = 0.001) -> list[Result]:
    return [Result(cell, who, 1, 1.0, Gain(value, error)) for cell in cells for who, value in gains.items()]


def test_a_ratio_is_of_mean_reach_and_has_an_interval() -> None:
    found = score.ratio(results({"rea": 0.02, "ofat": 0.01}), ("rea", 1.0), ("ofat", 1.0))
    assert found == pytest.approx((2.0, 2.0, 2.0))


def test_only_searches_that_everyone_has_done_are_compared() -> None:
    both = results({"rea": 0.02, "ofat": 0.01}, CELLS[:9])
    alone = results({"ofat": 0.05}, CELLS[9:])
    assert score.complete(both + alone) == both
    assert score.ratio(score.complete(both + alone), ("rea", 1.0), ("ofat", 1.0)) == pytest.approx((2.0, 2.0, 2.0))


def test_one_lucky_cell_does_not_make_a_ratio() -> None:
    most = results({"rea": 0.02, "ofat": 0.02}, CELLS[1:])
    lucky = results({"rea": 0.02, "ofat": 0.00001}, CELLS[:1])
    found = score.ratio(most + lucky, ("rea", 1.0), ("ofat", 1.0))
    assert found is not None
    assert found[0] == pytest.approx(12 / 11, rel=1e-3)  # the mean of ratios would be over 100


def test_cells_in_which_nobody_gains_are_not_divided_by() -> None:
    nothing = results({"rea": 0.001, "ofat": 0.0005}, CELLS[:5])
    something = results({"rea": 0.02, "ofat": 0.01}, CELLS[5:])
    assert len(score.divisible(score.headroom(nothing + something))) == 7
    assert score.ratio(nothing + something, ("rea", 1.0), ("ofat", 1.0)) is None


def test_planted_bug_with_a_purse_that_forgets_to_pay_a_search_would_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []

    def forgets(purse: Purse, cost: float) -> None:
        spent.append(cost)
        if len(spent) > 3 * RUNS["full"]:
            raise Spent

    monkeypatch.setattr(Purse, "_pay", forgets)
    purse = Purse(Invented(), CELL)
    contenders.search("random", purse, CELL.spans("full"), 1)
    assert sum(spent) > RUNS["full"]
