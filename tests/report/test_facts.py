"""The facts are the journal's numbers."""

from dataclasses import replace

import pytest
from report import campaigns
from report.campaigns import Told, edited, told

from rea.domain import event as e
from rea.domain.event import Event
from rea.domain.evidence import Rows, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect
from rea.domain.job import JobState
from rea.domain.proposal import Outcome
from rea.report import numbers as n
from rea.report.facts import Facts, facts_of
from rea.report.facts.tried import NOT_TESTED


def facts(of: Told) -> Facts:
    return facts_of(of.campaign, of.recorded)


def test_effects_are_those_of_the_findings() -> None:
    of = campaigns.winner()
    found = {(f.phase, f.effect, f.raw) for f in of.campaign.findings.values()}
    shown = {(t.phase, t.effect, t.raw.value) for t in facts(of).tried if t.effect and t.raw}
    assert shown == found
    assert len(facts(of).tried) == len(of.campaign.findings)


def test_costs_add_up_to_the_ledger_and_to_the_journal() -> None:
    of = campaigns.winner()
    f = facts(of)
    ended = sum(r.event.cost_ms for r in of.recorded if isinstance(r.event, e.JobEnded))
    assert sum(s.spent_ms for s in f.spending) == f.money.spent == f.progress.spent == ended
    assert sum(s.jobs for s in f.spending) == f.jobs
    assert f.human_touches == len(f.touches) == 2


def test_progress_ends_where_the_findings_do() -> None:
    of = campaigns.winner()
    f = facts(of)
    chosen = [x.effect.value for x in of.campaign.findings.values() if x.phase is not Phase.CONFIRMATION]
    assert f.progress.best[-1][1] == max(chosen)
    assert [x for _, x in f.progress.best] == sorted(x for _, x in f.progress.best)
    assert {s.phase for s in f.progress.spans} == set(Phase)
    assert all(s.end is not None and s.start <= s.end for s in f.progress.spans)
    confirmed = {x.effect for x in of.campaign.findings.values() if x.phase is Phase.CONFIRMATION}
    assert {x for _, x in f.progress.confirmed} == confirmed


def test_the_launch_shows_what_was_measured_on_test_rows() -> None:
    of = campaigns.winner()
    proposal = of.campaign.proposal
    assert proposal is not None
    assert proposal.experiment is not None
    test = of.campaign.comparison(proposal.experiment, "ne", Rows.TEST)
    assert test is not None
    beside = dict(facts(of).launch.beside)
    assert beside["NE on test rows"] == f"{n.value(test.baseline_value)} → {n.value(test.value)}"
    assert beside["Test rows"] == f"{test.row_count:,}"
    assert beside["Test set"].startswith("opening 1 ")
    assert beside["Seal of the labels"].startswith("handed over")


def test_the_raw_interval_is_around_what_was_measured() -> None:
    for t in facts(campaigns.winner()).tried:
        assert t.raw is not None
        assert t.raw.low < t.raw.value < t.raw.high


def test_predictions_are_scored_against_unshrunk_effects() -> None:
    of = campaigns.winner()
    f = facts(of)
    by_hand = [
        of.campaign.hypotheses[x.hypotheses[0]].predicted.low
        <= x.raw
        <= of.campaign.hypotheses[x.hypotheses[0]].predicted.high
        for x in of.campaign.findings.values()
        if x.phase is Phase.VALIDATION and x.verdict is not Verdict.DROPPED
    ]
    assert (f.calibration.inside, f.calibration.scored) == (sum(by_hand), len(by_hand))


def test_a_stack_is_compared_with_the_sum_of_its_parts() -> None:
    of = campaigns.winner()
    stack = next(t for t in facts(of).tried if t.phase == Phase.COMBINATION)
    assert stack.interacting is not None
    assert stack.raw is not None
    parts = [t.raw.value for t in facts(of).hypotheses if t.raw and t.name and t.change in ("a=1", "b=1")]
    assert stack.interacting.difference.value == pytest.approx(stack.raw.value - sum(parts))
    assert stack.interacting.kind == "additive", "the simulated levers add up"


def test_failures_are_the_failed_jobs_with_what_came_of_them() -> None:
    of = campaigns.failing(log="boom")
    f = facts(of)
    failed = {j for j, r in of.campaign.jobs.items() if r.state is JobState.FAILED and r.failed}
    assert failed
    assert {x.job for x in f.failed} == failed
    assert all(x.log == "boom" for x in f.failed)
    assert any("enough to fail" in x.outcome for x in f.failed), "what the diagnosis found is told"
    assert {x.outcome for x in f.failed} != {""}
    for x in f.failed:
        treatment = of.campaign.jobs[x.job].treatment  # type: ignore[index]
        assert treatment is not None
        assert x.counts == (treatment.cause == "treatment")


def test_infrastructure_never_counts_against_an_idea() -> None:
    def blameless(event: Event) -> Event:
        if not isinstance(event, e.JobTreated):
            return event
        return replace(event, treatment=replace(event.treatment, cause=type(event.treatment.cause)("infrastructure")))

    f = facts(edited(campaigns.failing(log="boom"), blameless))
    assert f.failed
    assert not any(x.counts for x in f.failed)


def test_hypotheses_that_never_ran_are_listed() -> None:
    recorded = campaigns.winner().recorded
    proposed = next(i for i, r in enumerate(recorded) if isinstance(r.event, e.HypothesesProposed))
    f = facts(told(recorded[: proposed + 1]))
    assert {t.verdict for t in f.hypotheses} == {NOT_TESTED}
    assert {t.reason for t in f.hypotheses} == {"not reached"}
    assert len(f.hypotheses) == 3


def test_a_running_campaign_promises_nothing() -> None:
    recorded = campaigns.winner().recorded
    combined = [i for i, r in enumerate(recorded) if isinstance(r.event, e.PhaseClosed)][2]
    launch = facts(told(recorded[: combined + 1])).launch
    assert launch.state == "running"
    assert "not confirmed" in launch.sentence
    assert launch.turns == ()


def test_a_guardrail_that_broke_needs_a_person() -> None:
    def broken(event: Event) -> Event:
        if not isinstance(event, e.Concluded):
            return event
        proposal = replace(
            event.proposal, outcome=Outcome.NEEDS_A_PERSON, reason="guardrail: calibration (violated, 1.3)"
        )
        return replace(event, proposal=proposal)

    launch = facts(edited(campaigns.winner(), broken)).launch
    assert launch.badge == "Needs a person"
    assert launch.sentence.endswith("A person has to decide: guardrail: calibration (violated, 1.3).")


def test_equal_quality_for_less_names_the_saving_first() -> None:
    def cheaper(event: Event) -> Event:
        if not isinstance(event, e.Concluded) or event.proposal.finding is None:
            return event
        saving = Effect(value=-0.3, low=-0.35, high=-0.25)
        finding = replace(event.proposal.finding, aim=Aim.EFFICIENCY, cost=saving)
        return replace(event, proposal=replace(event.proposal, finding=finding, reach=0.41))

    sentence = facts(edited(campaigns.winner(), cheaper)).launch.sentence.replace("\u00a0", " ")
    assert "training cost −30.0 % [−35.0, −25.0] at NE" in sentence
    assert "41 % of the reachable improvement" in sentence


def test_what_to_type_is_the_workloads_own_form() -> None:
    def flags(event: Event) -> Event:
        if not isinstance(event, e.CampaignOpened):
            return event
        command = replace(
            event.workload.command,
            override=("--{name}", "{value}"),
            argv=("{python}", "train.py", "{overrides}", "--seed={seed}"),
        )
        return replace(event, workload=replace(event.workload, command=command))

    of = edited(campaigns.winner(), flags)
    f = facts(of)
    assert f.launch.arguments == "--a 0.5 --b 0.5"
    job = dict(f.reproduce)["A deciding job"]
    seeds = dict(f.reproduce)["Its seeds"].split()
    assert job == f"python train.py --a 0.5 --b 0.5 --seed={seeds[0]}"
    confirming = [
        r.job.seed
        for r in of.campaign.jobs.values()
        if r.job.purpose == "confirm" and dict(r.job.change.overrides) == {"a": 0.5, "b": 0.5}
    ]
    assert [int(s) for s in seeds] == confirming
