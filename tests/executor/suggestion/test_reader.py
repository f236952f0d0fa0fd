"""The reader of logs answers from closed lists, and what it says the log shows has to stand there."""

from dataclasses import replace

import pytest
from executor.suggestion.cases import CLIP, FOUND, LOG, failed, workload
from scripted import Scripted, Unchecked

from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Role
from rea.domain.runbook import Cause, Remedy
from rea.executor.suggestion import reader
from rea.executor.suggestion.reader import ModelReader, Reading, lines

WRONG: dict[str, tuple[Reading, str]] = {
    "before the log": (replace(FOUND, first=0), "are not 1 to"),
    "after the log": (replace(FOUND, last=9), "are not 1 to"),
    "our own line": (replace(FOUND, last=5), "are not 1 to"),
    "backwards": (replace(FOUND, first=3, last=2), "are not 1 to"),
    "an empty line": (replace(FOUND, first=3, last=3), "are empty"),
    "no cause": (replace(FOUND, cause=Cause.UNKNOWN), "unknown is no cause"),
    "a pause": (replace(FOUND, remedy=Remedy.PAUSE, moves=()), "not for a reader"),
    "moves without adjusting": (replace(FOUND, remedy=Remedy.RETRY), "moves are wanted"),
    "adjusting without moves": (replace(FOUND, moves=()), "moves are wanted"),
    "too many moves": (replace(FOUND, moves=(CLIP,) * 3), "moves are wanted"),
    "no such role": (replace(FOUND, moves=(replace(CLIP, role=Role.DROPOUT),)), "no lever plays"),
    "any lever": (replace(FOUND, moves=(replace(CLIP, role=Role.OTHER),)), "no lever plays"),
    "undoing the test": (replace(FOUND, moves=(replace(CLIP, role=Role.LEARNING_RATE),)), "undoes what the job tests"),
    "out of range": (replace(FOUND, moves=(replace(CLIP, operand="rm -rf"),)), "turns no lever"),
    "too far": (
        replace(FOUND, moves=(Move(role=Role.GRADIENT_CLIP, operation=Operation.MULTIPLY, operand=1e9),)),
        "a factor lies between",
    ),
}


def test_a_sound_reading_becomes_a_suggestion_with_the_lines_themselves() -> None:
    model = Scripted({"reader": lambda _: FOUND})
    told = ModelReader(model).read(failed(), workload())
    assert (told.cause, told.remedy, told.moves) == (Cause.TREATMENT, Remedy.ADJUST, (CLIP,))
    assert told.lines == ("zorp: the frobnicator 17 is upside down",)
    (asked,) = model.asked
    assert asked.tools == () and "2: zorp" in asked.material and "zorp" not in asked.instructions
    assert "gradient_clip" in asked.instructions and asked.most_tokens <= 500


@pytest.mark.parametrize("name", WRONG)
def test_what_the_log_does_not_bear_out_suggests_nothing(name: str) -> None:
    found, says = WRONG[name]
    model = Scripted({"reader": lambda _: found})
    assert ModelReader(model).read(failed(), workload()).cause is None
    assert says in model.refused[0]
    assert ModelReader(Unchecked(found)).read(failed(), workload()).cause is None


def test_planted_bug_without_the_check_a_reading_may_turn_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = WRONG["undoing the test"]
    monkeypatch.setattr(reader, "wrong_with", lambda *_: "")
    assert ModelReader(Unchecked(found)).read(failed(), workload()).cause is Cause.TREATMENT


def test_the_log_is_cut_and_made_printable() -> None:
    rows = lines(failed("z" * 999 + "\n" + "\n".join(f"\x1b[31mrow {n}" for n in range(149))).status)
    assert len(rows) == reader.MOST_LINES and "\x1b" not in "".join(rows)
    assert max(map(len, lines(failed("z" * 999).status))) == reader.WIDEST
    assert rows[-1] == "failed: exit 1" and lines(None) == () and len(lines(failed(LOG).status)) == 5
