"""Edits in words: each stands where it says and once, keeps to what may be touched, and declares a lever that something reads."""

from pathlib import Path

import pytest
from executor.materialise import toy
from scripted import Scripted, Unchecked

from rea.domain.errors import UsageError
from rea.executor.implement.edits import MOST_EDITS, Edit, applied
from rea.executor.implement.words import Words, Written, drafted, texts
from rea.executor.materialise.workspace import LocalWorkspace

TEXTS = {"a.py": "x = 1\ny = 1\n"}


def free(path: str) -> str:
    return "" if path.endswith(".py") else f"{path} is not editable"


def edit(find: str, put: str, path: str = "a.py") -> Edit:
    return Edit(path=path, find=find, put=put)


def test_edits_are_made_in_turn() -> None:
    after, wrong = applied(TEXTS, [edit("x = 1", "x = 2"), edit("x = 2\n", "x = 3\n"), edit("", "new\n", "b.py")], free)
    assert (after, wrong) == ({"a.py": "x = 3\ny = 1\n", "b.py": "new\n"}, ()) and TEXTS["a.py"] == "x = 1\ny = 1\n"


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([], "give 1 to"),
        ([edit("x", "y")] * (MOST_EDITS + 1), "give 1 to"),
        ([edit("x = 1", "z" * 200_000)], "give 1 to"),
        ([edit("= 1", "= 2")], "stands 2 times"),
        ([edit("1: x = 1", "x = 2")], "stands 0 times"),
        ([edit("", "x")], "exists already"),
        ([edit("x", "y", "b.py")], "there is no file b.py"),
        ([edit("", "y", "/etc/passwd")], "not editable"),
        ([edit("x = 1", "x = 1")], "nothing is altered"),
    ],
)
def test_what_cannot_be_made_is_told(edits: list[Edit], told: str) -> None:
    assert any(told in x for x in applied(TEXTS, edits, free)[1])


@pytest.fixture
def ours(tmp_path: Path) -> LocalWorkspace:
    folder = toy.repository(tmp_path / "repo")
    toy.commit(folder)
    return toy.workspace(tmp_path / "campaign", folder)


def answer(*edits: Edit, levers: tuple[str, ...] = ("gate",)) -> Written:
    return Written(edits=edits, levers=levers)


PATH = "pkg/__init__.py"


def good(ours: LocalWorkspace) -> Written:
    text = texts(ours)[PATH]
    return answer(edit(text, text + "gate = False\n", PATH))


def test_an_answer_becomes_a_diff_against_the_commit(ours: LocalWorkspace) -> None:
    model = Scripted({"patcher": lambda _: good(ours)})
    draft = drafted(ours, Words(statement="A gate.", paths=(PATH,)), model, None)
    assert "+gate = False" in draft.diff and draft.levers == ("gate",) and "prompt" in draft.by
    (asked,) = model.of("patcher")
    assert asked.material.index("A gate.") < asked.material.index(f"FILE {PATH}\n") and "REFUSED" not in asked.material


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(
    ("made", "told"),
    [
        (answer(edit("", "x = gate\n", "workload.toml")), "not editable"),
        (answer(edit("", "gate\n", "sitecustomize.py")), "not editable"),
        (answer(edit("", "gate\n", "../out.py")), "no path inside"),
        (answer(edit("", "gate\n", ".git/config")), "belongs to git"),
        (answer(edit("", "other\n", "pkg/new.py")), "reads the lever gate"),
        (answer(edit("", "gate\n", "pkg/new.py"), levers=()), "declare 1 to 4"),
        (answer(edit("", "gate\n", "pkg/new.py"), levers=("gate=",)), "declares no lever"),
        (answer(edit("", "gate \u202e\n", "pkg/new.py")), "cannot be seen"),
        (answer(edit("", "gate = '[redacted]'\n", "pkg/new.py")), "edit around it"),
    ],
)
def test_what_it_may_not_answer_comes_to_nothing(ours: LocalWorkspace, made: Written, told: str, checked: bool) -> None:
    """Behind a chain that checks nothing, too."""
    model = Scripted({"patcher": lambda _: made}) if checked else Unchecked(made)
    with pytest.raises(UsageError, match="no patch came of it") as caught:
        drafted(ours, Words(statement="x"), model, None)
    assert told in caught.value.message


def test_the_same_words_are_the_same_question_and_a_refusal_makes_another(ours: LocalWorkspace) -> None:
    model = Scripted({"patcher": lambda _: good(ours)})
    for refused in ("", "", "it broke"):
        drafted(ours, Words(statement="x", refused=refused), model, None)
    told = [q.material for q in model.asked]
    assert told[0] == told[1] != told[2] and "it broke" in told[2]


def test_words_are_some_and_not_too_many(ours: LocalWorkspace) -> None:
    for statement in (" ", "x" * 5000):
        with pytest.raises(UsageError, match="characters what is to be tried"):
            drafted(ours, Words(statement=statement), Scripted({}), None)
