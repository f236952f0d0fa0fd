"""Every proposer is scored alike: nothing that was spent or gained is lost, and none is credited with what others found."""

from dataclasses import replace

import pytest
from report import campaigns
from report.campaigns import Told, edited

from rea.campaign.evolve import apply as evolve
from rea.domain import event as e
from rea.domain.call import CallRecord
from rea.domain.campaign import Campaign
from rea.domain.event import Event
from rea.domain.hypothesis import SourceName
from rea.domain.ids import Digest, ExperimentId
from rea.report.facts import facts_of
from rea.report.facts import scores as module
from rea.report.facts.scores import SEARCH, SHARED, Proposer, credits_of, proposers, scored


def mixed() -> Told:
    """A campaign that found something, in which a model proposed ``b`` and the catalogue the rest."""

    def by_model(event: Event) -> Event:
        if not isinstance(event, e.HypothesesProposed):
            return event
        told = (replace(h, source=SourceName.MODEL) if "b=" in str(h.change) else h for h in event.hypotheses)
        return replace(event, hypotheses=tuple(told))

    return edited(campaigns.winner(), by_model)


def named_of(c: Campaign) -> dict[str, Proposer]:
    return {p.name: p for p in proposers(c)}


def named(of: Told) -> dict[str, Proposer]:
    return named_of(of.campaign)


def paid_call(role: str) -> CallRecord:
    return CallRecord(call=Digest(role), attempt=0, role=role, tokens=1000, micros=100_000, settled=True)


def test_a_model_that_offered_nothing_is_shown_with_what_it_was_paid() -> None:
    of = campaigns.winner()
    assert "model" not in named(of)
    silent = named_of(replace(of.campaign, calls={"proposer": paid_call("proposer")}))["model"]
    assert (silent.offered, silent.gain, silent.tokens) == (0, 0, 1000) and silent.money == pytest.approx(0.1)


def test_what_was_spent_and_gained_adds_up() -> None:
    of = mixed()
    assert of.campaign.proposal is not None and of.campaign.proposal.finding is not None
    found = proposers(of.campaign)
    assert sum(p.spent_ms for p in found) == of.campaign.ledger.spent
    assert sum(p.gain for p in found) == pytest.approx(of.campaign.proposal.finding.effect.value)
    assert found[-1].name == SHARED and found[-1].gain == 0


def test_a_model_is_credited_with_its_part_of_a_stack_and_no_more() -> None:
    found = named(mixed())
    model, research = found["model"], found["research"]
    assert (model.offered, model.tested, research.offered) == (1, 1, 2)
    assert 0 < model.gain < research.gain, "a is worth .020, b .012"
    assert model.gain / research.gain == pytest.approx(0.6, abs=0.25)
    assert model.per_hour == pytest.approx(model.gain / (model.spent_ms / 3.6e6))


def called(c: Campaign, *calls: tuple[str, int, int]) -> Campaign:
    """Return the campaign with settled calls of a role, of so many tokens and millionths of money."""
    for number, (role, tokens, micros) in enumerate(calls):
        call = Digest(f"{number:064x}")
        evolve(c, e.CallReserved(call=call, attempt=0, role=role, tokens=2 * tokens, micros=2 * micros))
        evolve(c, e.CallSettled(call=call, attempt=0, tokens=tokens, micros=micros, reply="r", why=""))
    return c


CALLS = (("proposer", 900, 300_000), ("paper_reader", 50, 100_000), ("patcher", 50, 100_000), ("explainer", 70, 40_000))


def test_money_counts_calls_beside_device_time() -> None:
    plain, paying = mixed().campaign, called(mixed().campaign, *CALLS)
    for c in (plain, paying):
        assert c.plan is not None
        c.plan = replace(c.plan, price_per_hour=2.0)
    before, after = ({p.name: p for p in proposers(c)} for c in (plain, paying))
    model = after["model"]
    assert (
        before["model"].money is not None
        and model.money is not None
        and model.money == pytest.approx(before["model"].money + 0.5)
    )
    assert model.per_money is not None and before["model"].per_money is not None
    assert model.per_money == pytest.approx(model.gain / model.money) and model.per_money < before["model"].per_money
    assert sum(p.tokens for p in after.values()) == paying.tokens.spent == 1070
    assert after[SHARED].tokens == 70, "explaining is nobody's proposal"
    assert named(mixed())["model"].money is None and named(mixed())["model"].per_money is None


def test_without_a_price_of_the_machine_calls_alone_are_the_money() -> None:
    c = called(mixed().campaign, *CALLS)
    found = {p.name: p for p in facts_of(c, mixed().recorded).proposers}
    assert found["model"].money == pytest.approx(0.5) and found["research"].money is None


def test_a_model_that_offered_nothing_and_was_paid_stands_there_with_its_price() -> None:
    c = called(campaigns.winner().campaign, ("proposer", 900, 300_000))
    (row,) = [row for row in scored(c) if row["name"] == "model"]
    assert (row["offered"], row["gain"], row["per_hour"], row["per_money"]) == (0, 0.0, None, 0.0)


def test_planted_bug_calls_of_nobody_would_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    c = called(mixed().campaign, *CALLS)
    monkeypatch.setattr(module, "calls", lambda c: {})
    assert sum(p.tokens for p in proposers(c)) != c.tokens.spent


def test_where_nothing_was_confirmed_nobody_gained() -> None:
    for of in (campaigns.null(), campaigns.stopped()):
        found = proposers(of.campaign)
        assert found and all(p.gain == 0 for p in found)
        assert sum(p.spent_ms for p in found) == of.campaign.ledger.spent


def test_what_the_search_refined_is_partly_its_own() -> None:
    c = mixed().campaign
    assert c.proposal is not None and c.proposal.finding is not None and c.proposal.experiment is not None
    best = replace(c.experiments[c.proposal.experiment], hypotheses=())
    refined = replace(c, experiments={**c.experiments, best.id: best})
    found = credits_of(refined)
    assert found["model"] > 0 and found["research"] > 0
    assert sum(found.values()) == pytest.approx(c.proposal.finding.effect.value)
    larger = replace(c.proposal.finding, effect=replace(c.proposal.finding.effect, value=0.09))
    gained = credits_of(replace(refined, proposal=replace(c.proposal, finding=larger)))
    assert gained[SEARCH] > 0.04 and sum(gained.values()) == pytest.approx(0.09)


def never_alone() -> Campaign:
    """The same campaign as if no idea had had a run to itself, and the search had set what won."""
    c = mixed().campaign
    assert c.proposal is not None and c.proposal.experiment is not None
    best = replace(c.experiments[c.proposal.experiment], hypotheses=())
    stacks = {key: f for key, f in c.findings.items() if len(f.hypotheses) != 1}
    return replace(c, experiments={**c.experiments, best.id: best}, findings=stacks)


def test_ideas_that_only_shared_runs_are_credited_with_what_these_tell() -> None:
    found = credits_of(never_alone())
    assert found["model"] / found["research"] == pytest.approx(0.6, abs=0.25), "a is worth .020, b .012"
    assert found.get(SEARCH, 0.0) < found["model"]


def test_planted_bug_who_asks_only_what_ran_alone_credits_the_search_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shared", lambda c: ())
    assert set(credits_of(never_alone())) == {SEARCH}


def test_planted_bug_who_credits_every_part_with_the_whole_counts_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    of = mixed()
    assert of.campaign.proposal is not None and of.campaign.proposal.finding is not None
    whole = of.campaign.proposal.finding.effect.value
    monkeypatch.setattr(module, "credits_of", lambda _: {"model": whole, "research": whole})
    assert sum(p.gain for p in proposers(of.campaign)) != pytest.approx(whole)


def test_reruns_that_look_into_failures_are_nobodys() -> None:
    of = campaigns.failing(log="boom")
    found = proposers(of.campaign)
    assert sum(p.spent_ms for p in found) == of.campaign.ledger.spent
    probes = sum(r.cost_ms for r in of.campaign.jobs.values() if r.job.purpose == "diagnose")
    assert probes and {p.name: p for p in found}[SHARED].spent_ms >= probes


def test_an_experiment_whose_hypothesis_was_rejected_is_shared() -> None:
    c = mixed().campaign
    gone = replace(c, hypotheses={})
    assert {p.name for p in proposers(gone)} <= {SHARED, SEARCH}
    assert sum(p.spent_ms for p in proposers(gone)) == c.ledger.spent and ExperimentId("x") not in c.experiments


def test_the_report_shows_it() -> None:
    of = mixed()
    from rea.report.page import markdown

    told = markdown(facts_of(of.campaign, of.recorded))
    assert "## Proposers" in told and "| model | 1 | 1 |" in told
