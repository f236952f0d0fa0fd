import shutil
from pathlib import Path

import pytest

from rea.domain.errors import UsageError
from rea.domain.hypothesis import Aim
from rea.domain.lever import Role
from rea.domain.technique import Family, Technique, family_of, parse_move, parse_precondition
from rea.knowledge.techniques.catalogue import BUILT_IN, digest, load

CATALOGUE = load()


def test_there_are_enough_techniques_of_every_kind() -> None:
    assert len(CATALOGUE) >= 36
    assert {t.family for t in CATALOGUE} == set(Family) - {Family.OTHER}
    assert sum(t.aim is Aim.EFFICIENCY for t in CATALOGUE) >= 5


@pytest.mark.parametrize("technique", CATALOGUE, ids=lambda t: t.name)
def test_every_technique_is_whole(technique: Technique) -> None:
    assert len(technique.citation) > 10 and technique.falsifier and technique.rationale and technique.url
    assert technique.effect.low <= technique.effect.value <= technique.effect.high
    assert -0.1 < technique.effect.low < technique.effect.high < 0.05, "predictions are modest"
    assert 0.2 < technique.cost < 5
    assert Role.OTHER not in technique.roles


def test_no_two_techniques_make_the_same_moves_or_claims() -> None:
    moved = [(t.moves, t.every) for t in CATALOGUE]
    assert len(set(moved)) == len(moved)
    assert len({t.statement for t in CATALOGUE}) == len(CATALOGUE)


def test_moves_and_preconditions_read_back_as_written() -> None:
    for technique in CATALOGUE:
        assert tuple(parse_move(str(move)) for move in technique.moves) == technique.moves
        assert tuple(parse_precondition(str(p)) for p in technique.applies) == technique.applies


def test_every_role_has_a_family() -> None:
    assert family_of(Role.OTHER) is Family.OTHER
    assert family_of(Role.PRECISION) is Family.OPTIMISATION
    assert family_of(Role.ENSEMBLE) is Family.DATA_AND_LOSS
    assert all(family_of(role) for role in Role)


def test_the_digest_covers_every_word_and_no_order(tmp_path: Path) -> None:
    assert digest(CATALOGUE) == digest(CATALOGUE[::-1])
    shutil.copytree(BUILT_IN, tmp_path / "t")
    dropout = tmp_path / "t" / "dropout.toml"
    dropout.write_text(dropout.read_text().replace("0.001", "0.002", 1))
    assert digest(load(tmp_path / "t")) != digest(CATALOGUE)


GOOD = """
statement = "s"
rationale = "r"
citation = "c"
falsifier = "f"
moves = ["learning_rate x 3"]
effect = { low = -0.01, value = 0.0, high = 0.01 }
"""


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("falsifier", "falsifer", "falsifier"),
        ("value = 0.0", "valu = 0.0", "value"),
        ("learning_rate x 3", "learning_rat x 3", "learning_rate"),
        ("learning_rate x 3", "learning_rate x fast", "number"),
        ("learning_rate x 3", "learning_rate x inf", "finite"),
        ("learning_rate x 3", "turn it up", "is no move"),
        ("low = -0.01", "low = 0.005", "low <= value <= high"),
        ("value = 0.0,", "value = nan,", "low <= value <= high"),
        ('moves = ["learning_rate x 3"]', "", "either moves or every"),
        ('citation = "c"', 'citation = ""', "empty text"),
        ('citation = "c"', "citation = 3", "citation"),
        ('citation = "c"', 'citation = "c"\ncost = 0.0', "positive cost"),
        ('citation = "c"', 'citation = "c"\naim = "efficiency"', "no lower cost"),
        ('citation = "c"', 'citation = "c"\napplies = ["dropout < low"]', "needs one number"),
        ('citation = "c"', 'citation = "c"\napplies = ["dropout is off now"]', "leave out"),
        ('citation = "c"', "citation = ", "Invalid"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, before: str, after: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load(tmp_path)[0].name == "mine"
    path.write_text(GOOD.replace(before, after))
    with pytest.raises(UsageError) as refused:
        load(tmp_path)
    assert "mine.toml" in refused.value.message
    assert says in f"{refused.value.message} {refused.value.hint}"
