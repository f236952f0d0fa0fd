"""A model is one more proposer: sound ideas come through with their evidence, everything else is told or left out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from planner.foreign import FOREIGN, HERE, briefing
from planner.sources.model.test_ideas import EDITABLE, GOOD, set_to
from planner.sources.model.test_paper_facts import EVIL, FACT, PAPER
from scripted import Scripted, Unchecked

from rea.agent.question import NoModel
from rea.codebase.access import of_workload
from rea.codebase.codebase import Codebase, Entry
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, Operation, SourceName, hypothesis_id
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight
from rea.domain.lever import Role
from rea.knowledge.techniques.catalogue import load
from rea.planner.portfolio import choose
from rea.planner.sources.model.ideas import Idea, Ideas, Wish
from rea.planner.sources.model.literature.folder import Folder
from rea.planner.sources.model.paper_facts import PaperFacts
from rea.planner.sources.model.source import ModelSource
from rea.planner.sources.model.wanted import read
from rea.planner.sources.research.source import ResearchSource
from rea.report.prose.stated import of_insights
from rea.testing.memory import MemoryInsights

CATALOGUE = load()
LESSON = Insight(
    campaign=CampaignId("before"),
    setting=HERE,
    moves=(Move(role=Role.DROPOUT, operation=Operation.SET, operand=0.2),),
    change="p_drop=0.2",
    technique="",
    source=SourceName.RESEARCH,
    aim=Aim.QUALITY,
    verdict=Verdict.REFUTED,
    predicted=Effect(value=0.0, low=-0.01, high=0.01),
    measured=Effect(value=-0.003, low=-0.005, high=-0.001),
    seeds=3,
    cost_ms=90_000,
    at="2026-01-01T00:00:00+00:00",
    reason=f"the log said {EVIL}",
)


class Files:
    """Two files of a commit, in memory."""

    texts = {"model/net.py": "class Net:\n    depth = 3\n", "model/judge.py": "SECRET = 1\n"}

    def entries(self) -> dict[str, Entry]:
        return {p: Entry(path=p, mode="100644", object=p, size=len(t)) for p, t in self.texts.items()}

    def read(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        return {entry.path: self.texts[entry.path].encode() for entry in entries}


CODE = Codebase(Files(), of_workload(EDITABLE.editable, (), EDITABLE.protected, "log.csv"))


def source(model: object, directory: Path, **more: object) -> ModelSource:
    known = MemoryInsights()
    known.add([LESSON])
    settings = {"model": model, "directory": directory, "insights": known, "techniques": CATALOGUE}
    return ModelSource(**(settings | {"code": lambda _: CODE} | more))  # type: ignore[arg-type]


def test_a_sound_idea_becomes_a_hypothesis_with_evidence_prediction_cost_and_falsifier(tmp_path: Path) -> None:
    model = Scripted({"proposer": lambda _: Ideas(ideas=(GOOD, set_to("n_epochs", 6)))})
    first, second = source(model, tmp_path).propose(briefing(EDITABLE), 10)
    assert first.source is SourceName.MODEL and first.id == hypothesis_id(first.change)
    assert first.predicted == Effect(value=0.004, low=-0.002, high=0.01) and first.falsifier == GOOD.falsifier
    assert first.evidence == GOOD.evidence and "optim.lr 0.001 -> 0.003" in first.statement
    assert first.moves[0].role is Role.LEARNING_RATE
    assert second.cost == 2.0, "twice the epochs cost twice, whatever the model says"
    assert model.asked[0].role == "proposer" and "prompt" in first.citation and "call" in first.citation


def test_the_material_holds_typed_facts_and_no_text_of_a_log(tmp_path: Path) -> None:
    model = Scripted({"proposer": lambda _: Ideas()})
    source(model, tmp_path).propose(replace(briefing(EDITABLE), left_ms=50_000), 10)
    material = model.asked[0].material
    assert "lever optim.lr, role learning_rate: float 1e-05 to 0.1, now 0.001" in material
    assert f"insight:{LESSON.id[:12]}: dropout = 0.2: refuted, -0.30 % [-0.50, -0.10], 3 seeds" in material
    assert "technique:learning_rate_x3: learning_rate x 3" in material and "50 are left" in material
    assert EVIL not in material, "an insight's reason quotes logs"


def test_the_same_briefing_is_the_same_question(tmp_path: Path) -> None:
    model = Scripted({"proposer": lambda _: Ideas()})
    for _ in range(2):
        source(model, tmp_path).propose(briefing(EDITABLE), 10)
    first, second = model.asked
    assert (first.material, first.instructions) == (second.material, second.instructions), "or replay would pay twice"


def test_what_does_not_hold_is_told_and_tried_again(tmp_path: Path) -> None:
    answers = [Ideas(ideas=(set_to("optim.lr", 9.0),)), Ideas(ideas=(GOOD,))]
    model = Scripted({"proposer": lambda _: answers.pop(0)})
    assert [h.change for h in source(model, tmp_path).propose(briefing(EDITABLE), 10)]
    assert "float from 1e-05 to 0.1" in model.refused[0]


def test_behind_a_chain_that_checks_nothing_bad_ideas_still_stay_out(tmp_path: Path) -> None:
    bad = (set_to("optim.lr", 9.0), replace(GOOD, evidence=("insight:none",)), replace(GOOD, falsifier=""))
    wishes = (Wish(statement="x", paths=("model/judge.py",), why="y"),)
    proposed = source(Unchecked(Ideas(ideas=(*bad, GOOD), wishes=wishes)), tmp_path).propose(briefing(EDITABLE), 10)
    assert len(proposed) == 1 and read(tmp_path) == ()


def test_planted_bug_without_the_second_check_a_chain_that_checks_nothing_gets_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rea.planner.sources.model import source as module

    monkeypatch.setattr(module, "idea_faults", lambda *_: [])
    proposed = source(Unchecked(Ideas(ideas=(set_to("optim.lr", 9.0),))), tmp_path).propose(briefing(EDITABLE), 10)
    assert [h.change.value("optim.lr", 0) for h in proposed] == [9.0], "the check is what kept it out"


def test_no_model_or_no_answer_proposes_nothing(tmp_path: Path) -> None:
    assert source(NoModel(), tmp_path).propose(briefing(EDITABLE), 10) == ()
    assert source(Scripted({}), tmp_path).propose(briefing(EDITABLE), 10) == ()


def test_wishes_are_kept_once_for_whoever_makes_patches(tmp_path: Path) -> None:
    wish = Wish(
        statement="Gate the fields.",
        paths=("model/net.py",),
        why="Fields are noisy.",
        evidence=("code:model/net.py:2",),
    )
    for _ in range(2):
        source(Scripted({"proposer": lambda _: Ideas(wishes=(wish,))}), tmp_path).propose(briefing(EDITABLE), 10)
    (kept,) = read(tmp_path)
    assert (kept.statement, kept.paths, kept.why) == (wish.statement, wish.paths, wish.why)
    assert kept.evidence == wish.evidence and "prompt" in kept.by


def test_the_proposer_reads_code_through_tools_that_refuse_what_is_protected(tmp_path: Path) -> None:
    seen: list[str] = []

    def curious(question: object) -> Ideas:
        outline, _, read_file = question.tools  # type: ignore[attr-defined]
        seen.extend([outline(), read_file("model/net.py"), read_file("model/judge.py"), read_file("/etc/passwd")])
        return Ideas(ideas=(replace(GOOD, evidence=("code:model/net.py:2",)),))

    assert len(source(Scripted({"proposer": curious}), tmp_path).propose(briefing(EDITABLE), 10)) == 1
    assert "2:     depth = 3" in seen[1] and "SECRET" not in "".join(seen)
    assert "is protected" in seen[2] and "no path inside" in seen[3]


def test_papers_reach_the_proposer_as_facts_only(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / f"{PAPER.title}.txt").write_text(PAPER.text)

    def idea(question: object) -> Ideas:
        name = next(r for r in question.material.splitlines() if r.startswith("p"))  # type: ignore[attr-defined]
        return Ideas(ideas=(replace(set_to("p_drop", 0.2), evidence=(name.rpartition(": ")[0],)),))

    model = Scripted({"paper_reader": lambda _: PaperFacts(facts=(FACT,)), "proposer": idea})
    proposed = source(model, tmp_path, literature=Folder(papers)).propose(briefing(EDITABLE), 10)
    assert proposed[0].evidence[0].endswith(":2-3")
    (asked,) = model.of("proposer")
    assert EVIL not in asked.material + asked.instructions and "dropout increase, +0.31 %" in asked.material
    assert all(not q.tools for q in model.of("paper_reader"))


def test_shuffled_insights_are_the_same_lines_under_other_ids(tmp_path: Path) -> None:
    known = MemoryInsights()
    known.add([LESSON, replace(LESSON, change="p_drop=0.3", verdict=Verdict.SUPPORTED)])
    told = []
    for shuffled in (False, True):
        model = Scripted({"proposer": lambda _: Ideas()})
        source(model, tmp_path, insights=known, shuffled=shuffled).propose(briefing(EDITABLE), 10)
        told.append([row for row in model.asked[0].material.splitlines() if row.startswith("insight:")])
    assert told[0] != told[1]
    assert sorted(r.split(": ", 1)[1] for r in told[0]) == sorted(r.split(": ", 1)[1] for r in told[1])


def test_offers_of_a_model_stand_beside_the_others_in_the_portfolio(tmp_path: Path) -> None:
    ideas = Ideas(ideas=(replace(GOOD, low=0.01, value=0.02, high=0.03),))
    offered = source(Scripted({"proposer": lambda _: ideas}), tmp_path).propose(briefing(FOREIGN), 10)
    assert [h.source for h in choose([offered], 4, 0.2, 7)] == [SourceName.MODEL]


def test_a_flood_of_ideas_is_cut(tmp_path: Path) -> None:
    many: tuple[Idea, ...] = tuple(set_to("optim.lr", 0.0011 + n / 1e5) for n in range(100))
    assert len(source(Unchecked(Ideas(ideas=many)), tmp_path).propose(briefing(EDITABLE), 100)) == 8


def test_a_model_is_not_credited_with_what_others_offer_too(tmp_path: Path) -> None:
    first = ResearchSource(CATALOGUE).propose(briefing(FOREIGN), 40)
    taken = next(h for h in first if len(h.change.overrides) == 1)
    ((name, value),) = taken.change.overrides
    ids = tuple(f"technique:{t.name}" for t in CATALOGUE[:5])
    copied = Ideas(ideas=(replace(set_to(name, value), evidence=ids),))
    offered = source(Unchecked(copied), tmp_path).propose(briefing(FOREIGN), 10)
    assert [h.id for h in offered] == [taken.id], "it is the same change"
    for offers in ([offered, first], [first, offered]):
        kept = next(h for h in choose(offers, 60, 0.2, 7) if h.id == taken.id)
        assert kept.source is SourceName.RESEARCH


def test_planted_bug_by_evidence_alone_a_model_takes_over_what_others_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rea.planner.portfolio._standing", lambda h: (len(h.evidence),))
    with pytest.raises(AssertionError):
        test_a_model_is_not_credited_with_what_others_offer_too(tmp_path)


def test_one_unsound_idea_does_not_cost_the_sound_ones(tmp_path: Path) -> None:
    ideas = Ideas(ideas=(GOOD, set_to("n_epochs", 6), set_to("optim.lr", 9.0)))
    model = Scripted({"proposer": lambda _: ideas})
    assert len(source(model, tmp_path).propose(briefing(EDITABLE), 10)) == 2 and model.refused == []


def test_an_insight_from_elsewhere_cannot_speak_through_its_operands(tmp_path: Path) -> None:
    spoken = Move(role=Role.ARCHITECTURE, operation=Operation.SET, operand=EVIL)
    known = MemoryInsights()
    known.add([replace(LESSON, moves=(spoken,), change=EVIL, technique=EVIL)])
    model = Scripted({"proposer": lambda _: Ideas()})
    source(model, tmp_path, insights=known).propose(briefing(EDITABLE), 10)
    assert "architecture = (a text): refuted" in model.asked[0].material and EVIL not in model.asked[0].material
    assert EVIL not in " ".join(fact.text for fact in of_insights(known.all(), -1))


def test_planted_bug_as_written_such_an_operand_reaches_the_proposer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rea.planner.sources.model.facts.plain", str)
    with pytest.raises(AssertionError):
        test_an_insight_from_elsewhere_cannot_speak_through_its_operands(tmp_path)
