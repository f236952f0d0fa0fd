"""The program that counts caught cheats: it tries them for real, and without the defences it says MISSED."""

from pathlib import Path

import pytest

from benchmarks.agent.cheats import Cheat, load, try_all
from rea.sandbox import probe

FIRST = Path(__file__).parents[2] / "benchmarks" / "agent" / "first"
SOME = ("above its own", "after the job has ended", "claims a metric")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no cheat tried: {probe().why}; {probe().fix}"),
]


def some() -> list[Cheat]:
    return [c for c in load(FIRST) if any(word in c.name for word in SOME)]


def test_there_are_twenty_and_more_each_with_a_name_of_its_own() -> None:
    found = load(FIRST)
    assert len({c.name for c in found}) == len(found) >= 20


def test_defended_they_are_caught() -> None:
    verdicts = try_all(some(), free=False)
    assert len(verdicts) == 3
    assert all(v.caught and v.behind for v in verdicts), verdicts


def test_undefended_the_same_ones_win() -> None:
    """The planted bug: a cheat that never works would be caught by nobody, and counted."""
    verdicts = {v.name: v for v in try_all(some(), free=True)}
    missed = [name for name, v in verdicts.items() if not v.caught]
    assert len(missed) == 2 and not any("claims a metric" in name for name in missed), verdicts
    assert any(v.gain and v.gain > 0.05 for v in verdicts.values())


def test_a_folder_of_further_cheats_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "NAME = 'mine'\ndef files(ground):\n    return {'train.py': ground.graft('pass')}\n"
    )
    (tmp_path / "_notes.py").write_text("raise SystemExit('not a cheat')")
    (found,) = load(tmp_path)
    assert found.name == "mine"


def test_a_cheat_that_does_not_parse_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "NAME = 'mine'\ndef files(ground):\n    return {'train.py': ground.graft('x = (')}\n"
    )
    with pytest.raises(SyntaxError):
        try_all(load(tmp_path), free=True)
