"""The code is read from objects of our mirror at the campaign's commit, and only as far as allowed."""

from pathlib import Path

import pytest
from executor.materialise import toy

from rea.codebase.access import ALLOW
from rea.codebase.codebase import Codebase
from rea.domain.errors import IntegrityError, UsageError
from rea.executor.materialise import Mirror
from rea.executor.materialise.layout import mirror_of
from rea.executor.materialise.objects import codebase

SECRET = "hunter2-the-password"


@pytest.fixture
def code(tmp_path: Path) -> Codebase:
    folder = toy.repository(tmp_path / "repo")
    declared = (folder / "workload.toml").read_text()
    (folder / "workload.toml").write_text(declared.replace("[paths]", '[paths]\nreadable = ["README.md"]'))
    (folder / "README.md").write_text("# A toy\n")
    (folder / "pkg/model.py").write_text("class Net:\n    def forward(self):\n        return 'Committed'\n")
    (folder / "pkg/blob.bin").write_bytes(b"\x00\xff" * 10)
    (folder / "pkg/latin.txt").write_bytes(b"caf\xe9\n")
    (folder / "pkg/large.txt").write_text("y" * 1_000_001)
    (folder / "outside.txt").write_text(SECRET)
    (folder / "pkg/link.py").symlink_to("../outside.txt")
    (folder / "pkg/folder").symlink_to("..")
    commit = toy.commit(folder)
    (folder / "pkg/model.py").write_text(f"# uncommitted {SECRET}\n")
    directory = tmp_path / "campaign"
    Mirror(mirror_of(directory)).fetch(folder, commit)
    folder.rename(tmp_path / "gone")  # nothing below may need it
    return codebase(directory, commit, toy.workload())


def test_reading_is_of_the_commit_and_numbers_lines(code: Codebase) -> None:
    assert code.read("pkg/model.py").text.splitlines()[2] == "3:         return 'Committed'"
    assert SECRET not in str(code.read("pkg/model.py"))


def test_the_outline_lists_what_may_be_read_and_nothing_else(code: Codebase) -> None:
    listed = [row.split(" ")[0] for row in code.outline().text.splitlines()]
    own = ("__init__.py", "__main__.py", "blob.bin", "latin.txt", "model.py")
    assert listed == ["README.md", "conf/a.yaml", *(f"pkg/{name}" for name in own)]
    assert code.outline("pkg/model.py").text.splitlines() == ["1-3: class Net()", "2-3:     def forward(self)"]


def test_search_is_literal_in_any_case_and_finds_nothing_denied(code: Codebase) -> None:
    assert code.search("COMMITTED").text.splitlines() == [
        "pkg/__init__.py:1: VALUE = 'committed'",
        "pkg/model.py:3: return 'Committed'",
    ]
    assert code.search(SECRET).text == "no line holds it"
    assert code.search("(a+)+$").text == "no line holds it"
    with pytest.raises(UsageError, match="nothing to search"):
        code.search("  ")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("pkg/metrics.py", "is protected"),
        ("workload.toml", "is protected"),
        ("data/log.csv", "holds the data"),
        ("outside.txt", "not among"),
        ("pkg/link.py", "a link"),
        ("pkg/folder", "a link"),
        ("pkg/folder/outside.txt", "there is no file"),
        ("pkg/blob.bin", "is binary"),
        ("pkg/latin.txt", "is binary"),
        ("pkg/large.txt", "more than 1000000"),
        ("pkg/nowhere.py", "there is no file"),
        ("../outside.txt", "no path inside"),
    ],
)
def test_what_may_not_be_read_says_why(code: Codebase, path: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        code.read(path)
    assert reason in code.tools()[2](path), "as a tool it is an answer"
    assert reason in code.tools()[0](path)


def test_planted_bug_without_the_policy_what_lies_outside_is_read(code: Codebase) -> None:
    open_door = Codebase(code.objects, lambda _: ALLOW)
    assert SECRET in str(open_door.search(SECRET))
    with pytest.raises(UsageError, match="a link"):
        open_door.read("pkg/link.py")  # the second line of defence stands alone


def test_tools_carry_their_names_and_what_they_do(code: Codebase) -> None:
    assert [tool.__name__ for tool in code.tools()] == ["outline", "search", "read"]
    assert all(tool.__doc__ and tool.__annotations__["return"] is str for tool in code.tools())


def test_without_a_mirror_nothing_else_is_read_instead(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="mirror"):
        codebase(tmp_path, "0" * 40, toy.workload())
