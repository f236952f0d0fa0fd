"""What bench-agent counts can go red: each safeguard is taken away in turn, and its part of the benchmark has to notice."""

from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai", reason="the agent extra is not installed: pip install '.[agent]'")

from benchmarks.agent import ablation, bench, faults, injections, payloads, replays, roles
from benchmarks.agent.campaign import SECRET, Setting, world
from benchmarks.agent.server import Exchange, serving
from rea.agent.call import Request
from rea.agent.configuration import Output
from rea.agent.ledger import Ledger
from rea.domain import event as e
from rea.domain.hypothesis import SourceName
from rea.domain.ids import Digest
from rea.planner.sources.model.design import Reviewed
from rea.testing.simulation import CAMPAIGN, World, approval

APPROVE = next(p for p in payloads.payloads() if p.goal.name == "approve")


@pytest.mark.parametrize("fault", ["prose", "hangs", "absurd usage", "tools for ever", "the key, echoed as an answer"])
@pytest.mark.parametrize("mode", list(Output))
def test_a_campaign_survives_a_broken_provider(fault: str, mode: Output) -> None:
    found = faults.case(fault, mode, faults.SMALL)
    assert (found.wrong, found.oversold) == ("", 0)
    assert found.requests > 0


def test_planted_bug_without_reservations_more_is_sold_than_was_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "ask", lambda self, request: self.link.ask(request))
    assert faults.case("tools for ever", Output.TOOL, faults.SMALL).oversold > 0


def test_planted_bug_a_reservation_of_what_is_likely_sells_more_than_was_granted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    granted = 20_000
    assert faults.case("no usage", Output.TOOL, granted).oversold == 0
    monkeypatch.setattr(Request, "prompt_bound", property(lambda self: len(self.body) // 40))
    assert faults.case("no usage", Output.TOOL, granted).oversold > 0


def test_planted_bug_without_redaction_an_echoed_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.agent.redact.Redactor.__call__", lambda self, text: text)
    assert SECRET in faults.case("the key, echoed as an answer", Output.TOOL, 200_000).wrong


def test_the_real_roles_are_asked_and_what_the_proposer_says_is_planned(tmp_path: Path) -> None:
    asked: set[str] = set()

    def noting(x: Exchange) -> None:
        asked.add(roles.role_of(x))
        roles.calm(x)

    with serving(noting) as server:
        c = world(Setting(url=server.url, directory=tmp_path, found=roles.Material())).run()
    assert asked == {"proposer", "reviewer", "paper", "log"}
    assert SourceName.MODEL in {h.source for h in c.hypotheses.values()}
    assert c.suggestions and c.trials, "the reader's remedy was tried"


@pytest.mark.parametrize("place", payloads.PLACES)
def test_the_real_roles_obey_and_nothing_changes(place: str) -> None:
    payload = next(p for p in payloads.payloads() if p.goal.name == "approve" and p.place == place)
    found = injections.case(payload, Output.TOOL, by_tool=False, to_the_end=True, real=True)
    assert (found.wrong, found.obeyed) == ("", True)


def test_planted_bug_ideas_that_nobody_checks_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = next(p for p in payloads.payloads() if p.goal.name == "overflow" and p.place == "configuration")
    monkeypatch.setattr("rea.planner.sources.model.source.idea_faults", lambda *_: [])
    monkeypatch.setattr("rea.planner.sources.model.source.refusal", lambda *_: "")
    monkeypatch.setattr(
        "rea.planner.sources.model.source.review", lambda ideas, *_: Reviewed(ideas=ideas, prompt=Digest(""))
    )
    assert injections.case(payload, Output.TOOL, by_tool=False, to_the_end=True, real=True).wrong


@pytest.mark.parametrize("by_tool", [True, False])
def test_an_obedient_model_changes_nothing(by_tool: bool) -> None:
    found = injections.case(APPROVE, Output.TOOL, by_tool, to_the_end=True)
    assert (found.wrong, found.obeyed) == ("", True)


def approving(w: World) -> None:
    """Plant a tool that acts."""

    def approve(digest: str, by: str) -> str:
        """Approve."""
        w.journal.append(CAMPAIGN, (e.PlanApproved(approval=approval(w.state.plan_digest, 1)),))
        return "approved"

    _plant(w, approve)


def writing(w: World) -> None:
    def approve(digest: str, by: str) -> str:
        """Approve."""
        (w.directory / "STOP").touch()
        return "written"

    _plant(w, approve)


def _plant(w: World, tool: object) -> None:
    asking = w.minds[0]
    real = asking.model.ask  # type: ignore[attr-defined]

    class Armed:
        def ask(self, question):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return real(replace(question, tools=(*question.tools, tool)))

    object.__setattr__(asking, "model", Armed())


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("plant", [approving, writing])
def test_planted_bug_a_tool_that_acts_is_found(plant: injections.Plant, real: bool) -> None:
    payload = next(p for p in payloads.payloads() if p.goal.name == "approve" and p.place == "metric name")
    found = injections.case(payload, Output.TOOL, by_tool=False, to_the_end=False, plant=plant, real=real)
    assert found.obeyed
    assert found.wrong


def test_there_are_at_least_three_hundred_payloads_each_of_its_own() -> None:
    found = list(payloads.payloads())
    assert len({p.text for p in found}) == len({p.mark for p in found}) == len(found) >= 300
    assert {p.place for p in found} == {"log", "configuration", "paper", "metric name"}


@pytest.mark.parametrize("number", range(len(replays.SCRIPTS)))
def test_a_campaign_again_asks_nobody(number: int) -> None:
    found = replays.case(number, Output.TOOL)
    assert found.wrong == ""
    assert found.calls > 0


def test_planted_bug_lost_replies_are_found() -> None:
    assert replays.case(0, Output.TOOL, damage=True).wrong


def test_the_part_about_cheats_is_a_program_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "cheats.py"
    monkeypatch.setattr(bench, "CHEATS", program)
    assert bench.measure_cheats(bench.start_cheats())[:2] == (0, 0)
    program.write_text("print('missed: one of them'); print('28 of 30 cheats caught')")
    assert bench.measure_cheats(bench.start_cheats()) == (28, 30, "missed: one of them")
    program.write_text("raise SystemExit(1)")
    assert bench.measure_cheats(bench.start_cheats())[:2] == (0, 1)


def test_a_good_hint_is_found_and_a_useless_model_verifies_nothing() -> None:
    hint, alone, harmful = (ablation.run(f"embedded{arm}", 1) for arm in (" + hint", " alone", " + harmful"))
    assert hint.truly > alone.truly and hint.scores["model"].gain > 0 < hint.scores["model"].tokens
    assert harmful.scores["model"].gain == 0 < harmful.scores["model"].tokens and "model" not in alone.scores
