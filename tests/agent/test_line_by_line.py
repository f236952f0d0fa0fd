"""The page that goes through the language-model layer line by line names only tests and commands that exist."""

import re
from pathlib import Path

from documented import wrong

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "agent-layer.md").read_text()


def missing(page: str) -> list[str]:
    """Return the tests that a page names and that are not there; a bare name stands in the folder of the one before."""
    lost, folder = [], TESTS
    for name in re.findall(r"`([\w/-]+(?:\.py|/))`", page):
        places = [TESTS / name, folder / name]
        found = next((place for place in places if place.exists()), None)
        lost += [name] if found is None else []
        folder = found.parent if found is not None else folder
    return lost


def test_what_it_names_exists() -> None:
    assert missing(PAGE) == [] and wrong(PAGE) == []
    assert PAGE.count("\n| ") >= 20


def test_what_does_not_exist_is_found() -> None:
    assert missing("`agent/test_nothing.py`, `nowhere/`") == ["agent/test_nothing.py", "nowhere/"]
    assert wrong("`rea report --sentences`")
