from pathlib import Path

import pytest
from planner.foreign import briefing

from rea.domain.change import change
from rea.domain.errors import UsageError
from rea.domain.hypothesis import Aim, Effect, Move, Operation, SourceName
from rea.domain.lever import Role
from rea.planner.sources.engineer.source import EngineerSource

GOOD = """
[[idea]]
statement = "A big batch is as good"
set = { bs = 65536, "optim.lr" = 0.004 }
predicted = [-0.002, 0.0, 0.002]
why = "The hardware is idle."
cost = 0.5
aim = "efficiency"

[[idea]]
statement = "Train longer"
moves = ["epochs x 2"]
predicted = 0.01
"""


def source(tmp_path: Path, text: str) -> EngineerSource:
    (tmp_path / "ideas.toml").write_text(text)
    return EngineerSource(tmp_path / "ideas.toml")


def test_ideas_come_as_written(tmp_path: Path) -> None:
    first, second = source(tmp_path, GOOD).propose(briefing(), 10)
    assert first.change == change(**{"bs": 65536, "optim.lr": 0.004})
    assert first.predicted == Effect(low=-0.002, value=0.0, high=0.002)
    assert (first.cost, first.aim, first.source) == (0.5, Aim.EFFICIENCY, SourceName.ENGINEER)
    assert Move(role=Role.BATCH_SIZE, operation=Operation.SET, operand=65536) in first.moves
    assert second.change == change(n_epochs=6) and second.cost == 2.0
    assert second.predicted == Effect(low=0.0, value=0.01, high=0.02)


def test_what_is_taken_or_already_so_is_passed_over(tmp_path: Path) -> None:
    asked = source(tmp_path, GOOD)
    first, second = asked.propose(briefing(), 10)
    assert asked.propose(briefing(taken=frozenset({first.id})), 10) == (second,)
    assert asked.propose(briefing(), 1) == (first,)
    now = change(**{"bs": 65536, "optim.lr": 0.004})
    (longer,) = asked.propose(briefing(current=now), 10)
    assert dict(longer.change.overrides)["n_epochs"] == 6


def test_no_file_is_no_ideas(tmp_path: Path) -> None:
    assert EngineerSource(tmp_path / "none.toml").propose(briefing(), 3) == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("[[idea]]", "[[ideas]]", "'idea'"),
        ('[[idea]]\nstatement = "A', '[idea]\nstatement = "A', "idea"),
        ("statement", "statment", "'statement'"),
        ("bs = 65536", "bz = 65536", "'bs'"),
        ("bs = 65536", "bs = 1", "from 256 to 65536"),
        ("bs = 65536", "bs = 300.5", "whole number"),
        ("bs = 65536", 'act = "tanh"', "'Swish'"),
        ("bs = 65536", "ema = 1", "true or false"),
        ("epochs x 2", "ensemble x 2", "no lever plays the role"),
        ("epochs x 2", "epoch x 2", "'epochs'"),
        ('moves = ["epochs x 2"]', "", "either set or moves"),
        ("predicted = 0.01", "predicted = [0.1, 0.0, 0.2]", "low <= value <= high"),
        ("predicted = 0.01", "predicted = nan", "low <= value <= high"),
        ("predicted = 0.01", 'predicted = "big"', "predicted"),
        ("cost = 0.5", "cost = 0", "positive"),
        ("cost = 0.5", "cost = [", "Invalid"),
    ],
)
def test_a_bad_idea_says_where_and_what_to_write(tmp_path: Path, before: str, after: str, says: str) -> None:
    assert before in GOOD
    with pytest.raises(UsageError) as refused:
        source(tmp_path, GOOD.replace(before, after, 1)).propose(briefing(), 10)
    assert "ideas.toml" in refused.value.message
    assert says in f"{refused.value.message} {refused.value.hint}"
