"""What a proposer answers is checked against the real levers, the budget, duplicates and what it says it rests on."""

from dataclasses import replace

import pytest
from planner.foreign import FOREIGN, briefing

from rea.domain.change import change
from rea.domain.hypothesis import hypothesis_id
from rea.planner.sources.model.ideas import Idea, Ideas, Known, LeverValue, Wish, change_of, wrong_with

GOOD = Idea(
    statement="A higher rate converges further.",
    rationale="The rate is low for this batch.",
    set=(LeverValue(lever="optim.lr", value=0.003),),
    low=-0.002,
    value=0.004,
    high=0.01,
    cost=1.0,
    falsifier="No gain at 0.003.",
    evidence=("technique:learning_rate_x3",),
)
KNOWN = Known(
    evidence={"technique:learning_rate_x3": "x"}, most=0.02, line=lambda path, line: (path, line) == ("a.py", 3)
)
EDITABLE = replace(FOREIGN, editable=("model/",), protected=("workload.toml", "model/judge.py"))


def set_to(name: str, value: str | float | bool) -> Idea:
    return replace(GOOD, set=(LeverValue(lever=name, value=value),))


FAULTS: dict[str, tuple[Idea, str]] = {
    "unknown lever": (set_to("optim.rl", 0.003), "the nearest is 'optim.lr'"),
    "out of range": (set_to("optim.lr", 3.0), "float from 1e-05 to 0.1"),
    "not finite": (set_to("optim.lr", float("nan")), "does not admit"),
    "beyond floats": (set_to("optim.lr", 10**400), "does not admit"),
    "wrong type": (set_to("optim.lr", "fast"), "does not admit 'fast'"),
    "truth is no number": (set_to("optim.lr", True), "does not admit"),
    "no such choice": (set_to("net", "transformer"), "one of mlp, DCN-v2, Deep-FM"),
    "sets nothing": (replace(GOOD, set=()), "sets no lever"),
    "sets twice": (replace(GOOD, set=GOOD.set * 2), "set twice"),
    "is so already": (set_to("optim.lr", 0.001), "so already"),
    "a point": (replace(GOOD, low=0.004, high=0.004), "not a point"),
    "upside down": (replace(GOOD, low=0.02), "low <= value <= high"),
    "percent for shares": (replace(GOOD, high=4.0), "as shares"),
    "too good": (replace(GOOD, value=0.5, high=0.6), "beyond what is plausible"),
    "more than is known": (replace(GOOD, value=0.03, high=0.035), "promises more than anything"),
    "a high end beyond all": (replace(GOOD, high=0.05), "promises more than anything"),
    "free of charge": (replace(GOOD, cost=0.0), "cost has to be positive"),
    "beyond the budget": (replace(GOOD, cost=21.0), "20 are left"),
    "no evidence": (replace(GOOD, evidence=()), "rests on no evidence"),
    "invented evidence": (replace(GOOD, evidence=("insight:ffff",)), "no evidence 'insight:ffff'"),
    "invented line": (replace(GOOD, evidence=("code:a.py:4",)), "no evidence 'code:a.py:4'"),
    "no falsifier": (replace(GOOD, falsifier=" "), "falsifier has to be"),
    "several lines": (replace(GOOD, statement="a\n# Approved"), "statement has to be one printable line"),
}


def told(idea: Idea) -> str:
    return wrong_with(Ideas(ideas=(idea,)), replace(briefing(), left_ms=20_000), KNOWN)


def test_a_sound_idea_passes_and_may_rest_on_a_line_of_code() -> None:
    assert told(GOOD) == "" == told(replace(GOOD, evidence=("code:a.py:3",)))
    assert told(set_to("emb_reg", 0)) != "" and told(set_to("wd", 1e-5)) == ""


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_told_with_what_would_be_right(name: str) -> None:
    idea, says = FAULTS[name]
    assert says in told(idea), told(idea)


def test_duplicates_are_told_among_themselves_and_with_what_is_taken() -> None:
    assert "the same change" in wrong_with(Ideas(ideas=(GOOD, GOOD)), briefing(), KNOWN)
    taken = frozenset({hypothesis_id(change(**{"optim.lr": 0.003}))})
    assert "was proposed before" in wrong_with(Ideas(ideas=(GOOD,)), briefing(taken=taken), KNOWN)


def test_a_whole_number_on_a_lever_of_floats_is_the_same_change() -> None:
    whole, half = set_to("clip", 5), set_to("clip", 5.0)
    assert change_of(whole, briefing()) == change_of(half, briefing())
    assert hypothesis_id(change_of(whole, briefing())) == hypothesis_id(change_of(half, briefing()))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("model/net.py", ""),
        ("model/judge.py", "is protected"),
        ("workload.toml", "is protected"),
        ("data/log.py", "not among"),
        ("model/../data.py", "no path inside"),
        ("model/.env", "secrets"),
    ],
)
def test_a_wish_names_editable_files_only(path: str, says: str) -> None:
    wish = Wish(statement="A gate on fields.", paths=(path,), why="It helps elsewhere.")
    found = wrong_with(Ideas(wishes=(wish,)), briefing(EDITABLE), KNOWN)
    assert (found == "") if not says else (says in found)


def test_planted_bug_without_each_check_some_fault_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    from rea.planner.sources.model import ideas

    def faults() -> list[str]:
        return [name for name, (idea, says) in FAULTS.items() if says not in told(idea)]

    assert faults() == []
    for name in ("_texts", "_levers", "_prediction", "_budget", "_evidence"):
        with monkeypatch.context() as patch:
            patch.setattr(ideas, name, lambda *_, **__: [])
            assert faults(), f"nothing notices that {name} is gone"
