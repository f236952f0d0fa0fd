"""portfolio.toml: what it means, and what is wrong with it, said so that it can be mended."""

from pathlib import Path

import pytest

from rea.api.portfolio_file import load
from rea.domain.errors import UsageError

GOOD = (
    'budget = "2h"\nslots = 3\nfloor = 0.4\n[[member]]\npath = "a"\n[[member]]\npath = "b"\nweight = 2\npython = "py"\n'
)


def read(folder: Path, text: str) -> Path:
    path = folder / "portfolio.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    spec = load(read(tmp_path, GOOD))
    assert (spec.budget, spec.slots, spec.dealing.floor) == ("2h", 3, 0.4)
    assert [(m.path, m.weight, m.python) for m in spec.members] == [
        (tmp_path / "a", 1.0, None),
        (tmp_path / "b", 2.0, "py"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no member"),
        ("budget = ", "no TOML"),
        (GOOD.replace("budget", "bugdet"), "did you mean 'budget'"),
        (GOOD.replace("weight", "wieght"), "did you mean 'weight'"),
        (GOOD.replace("weight = 2", "weight = -1"), "not above 0"),
        (GOOD.replace("weight = 2", 'weight = "x"'), "no float"),
        (GOOD.replace('path = "b"', 'path = "a"'), "named twice"),
        (GOOD.replace("0.4", "1.4"), "floor is 1.4"),
        (GOOD.replace("slots = 3", "slots = 0"), "slots is 0"),
        ("member = 3", "names no member"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(read(tmp_path, text))
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "portfolio.toml")
