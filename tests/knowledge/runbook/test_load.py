"""Reading a runbook: strict, and every problem at once."""

import re
from pathlib import Path

import pytest

from rea.domain.errors import UsageError
from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Role
from rea.domain.runbook import Remedy
from rea.knowledge.runbook.load import BUILT_IN, digest_of, load, shipped
from rea.knowledge.runbook.pattern import fault, steps

WHOLE = """
explanation = "the mast is down"
cause = "infrastructure"
remedy = "retry"
limit = 2
symptoms = ['mast (?:is )?down']
must_match = ["mast down", "the mast is down"]
must_not_match = ["mast up", "down"]
"""
MOVES = '\n[[moves]]\nrole = "micro_batch"\noperation = "multiply"\noperand = 0.5\n'


def written(directory: Path, text: str, name: str = "mast") -> Path:
    (directory / f"{name}.toml").write_text(text)
    return directory


def refusal(directory: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        load(written(directory, text))
    assert raised.value.hint
    return raised.value.message


def test_an_entry_is_named_by_its_file(tmp_path: Path) -> None:
    (entry,) = load(written(tmp_path, WHOLE))
    assert (entry.name, entry.remedy, entry.limit, entry.then) == ("mast", Remedy.RETRY, 2, Remedy.DROP)


def test_moves_are_read_as_moves(tmp_path: Path) -> None:
    (entry,) = load(written(tmp_path, WHOLE.replace('"retry"', '"adjust"') + MOVES))
    assert entry.moves == (Move(role=Role.MICRO_BATCH, operation=Operation.MULTIPLY, operand=0.5),)


def test_entries_come_in_the_order_of_their_names_and_have_one_digest(tmp_path: Path) -> None:
    both = load(written(written(tmp_path, WHOLE, "zebra"), WHOLE, "ant"))
    assert [entry.name for entry in both] == ["ant", "zebra"]
    assert digest_of(both) == digest_of(load(tmp_path))
    written(tmp_path, WHOLE.replace("limit = 2", "limit = 1"), "ant")
    assert digest_of(both) != digest_of(load(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("limit = 2", "limits = 2", "unknown key 'limits', did you mean 'limit'?"),
        ("limit = 2", "limit = 9", "limit must lie between 1 and 5"),
        ("limit = 2", "", "limit must lie between 1 and 5"),
        ("limit = 2", "limit = 'two'", "Expected `int`"),
        ('"retry"', '"pause"', "limit has no meaning"),
        ('"retry"', '"adjust"', "moves are wanted"),
        ('"retry"', '"pray"', "Invalid enum value 'pray'"),
        ("limit = 2", 'limit = 2\nthen = "retry"', "then must be drop or pause"),
        ("limit = 2", "limit = 2\nexact = true", "exact and unless have no meaning"),
        ("limit = 2", 'limit = 2\nunless = "normalization"', "unless must be a role"),
        ("mast (?:is )?down", "mast (", "no regular expression"),
        ("mast (?:is )?down", "(?:mast)?", "matches the empty text"),
        ("mast (?:is )?down", "mast .*down", "unbounded repetition"),
        ('"mast down", ', "", "must_match needs at least 2"),
        ('"mast up"', '"mast down"', "must_not_match: the symptom matches"),
        ('"mast down"', '"mast dawn"', "must_match: the symptom misses"),
        ("'mast (?:is )?down'", "", "symptoms must not be empty"),
        ('explanation = "the mast is down"', "", "missing required field `explanation`"),
        ("limit = 2", "limit = ", "Invalid value"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    assert said in refusal(tmp_path, WHOLE.replace(old, new))


def test_an_unknown_key_of_a_move_names_the_nearest(tmp_path: Path) -> None:
    said = refusal(tmp_path, WHOLE.replace('"retry"', '"adjust"') + MOVES.replace("operand", "operands"))
    assert "moves: unknown key 'operands', did you mean 'operand'?" in said


def test_all_files_are_told_of_at_once(tmp_path: Path) -> None:
    written(tmp_path, WHOLE.replace("limit = 2", "limit = 9"), "first")
    assert {"first.toml", "mast.toml"} <= set(re.findall(r"\w+\.toml", refusal(tmp_path, "cause = 3")))


def test_a_folder_without_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no runbook"):
        load(tmp_path)


@pytest.mark.parametrize(
    "symptom",
    [
        "(a+)+$",
        "(?:a|a){0,30}b",
        ".*error",
        r"\w+: ",
        "a{3,}",
        "x" * 301,
        "a?" * 20 + "a" * 20,
        "(?:a|a)" * 20 + "b",
        ".{0,200}.{0,200}x",
        r"(?P<q>['\"])x(?P=q)",
        "[a-z]{0,9}[a-z]{0,9}[a-z]{0,9}[a-z]{0,9}[a-z]{0,9}x",
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(symptom: str) -> None:
    assert fault(symptom)


@pytest.mark.parametrize(
    "symptom", [r"exit [0-9]{1,3}\Z", r"a\+b\*c", "[*+?]{1,3}x", r"(?:can't|cannot) allocate .{0,80}memory", "[]|+]x"]
)
def test_bounded_patterns_are_allowed(symptom: str) -> None:
    assert fault(symptom) == ""


def test_words_of_which_none_begins_another_do_not_multiply_what_follows() -> None:
    apart, within = "|".join("abcdefghij"), "|".join("a" * n for n in range(1, 11))
    assert steps(rf"(?:{apart}).{{0,80}}(?:x|y)") < 300
    assert steps(rf"(?:{within}).{{0,80}}(?:x|y)") > 2000


def test_the_built_in_runbook_loads() -> None:
    assert len(load()) == len(list(BUILT_IN.glob("*.toml")))


def test_what_is_shipped_is_what_a_check_lets_through() -> None:
    assert shipped() == load()
