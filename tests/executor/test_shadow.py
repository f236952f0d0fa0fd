"""A user's own runbook entries start in shadow, earn autonomy by being right, gain it by an approval only, and lose it at once."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from rea.campaign.evolve import replay
from rea.domain.campaign import Campaign
from rea.domain.event import EntryJudged, EntryStanding, Event, JobTreated
from rea.domain.ids import CampaignId, Digest, digest
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.domain.runbook import ENOUGH, Cause, EntryVerdict, Remedy, RunbookEntry, Standing, standing_of
from rea.executor import shadow
from rea.executor.backends.simulated import Run
from rea.executor.failures import UNKNOWN
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.testing.memory import MemoryJournal
from rea.testing.simulation import CAMPAIGN, Log, Truth, World

HICCUP = Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log="zorp: the frobnicator hiccuped")
OWN = RunbookEntry(
    name="hiccup",
    symptom="frobnicator hiccuped",
    cause=Cause.INFRASTRUCTURE,
    remedy=Remedy.RETRY,
    explanation="the frobnicator hiccuped",
    limit=2,
    own=True,
    standing=Standing.SHADOW,
)
DROPS = replace(OWN, cause=Cause.TREATMENT, remedy=Remedy.DROP, limit=0)


def transient(job: Job) -> Run | None:
    """Fail the first attempt at every other replicate beyond calibration."""
    return HICCUP if job.attempt == 0 and job.index % 2 == 0 and "cal" not in job.phase else None


def breaks_c(job: Job) -> Run | None:
    return HICCUP if any(name == "c" and value for name, value in job.change.overrides) else None


def world(
    *entries: RunbookEntry,
    failing: Callable[[Job], Run | None] = transient,
    journal: Log | None = None,
    name: CampaignId = CAMPAIGN,
) -> World:
    truth = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01, "d": 0.001})
    policy = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1, slots=1)
    made = World(truth=truth, budget_s=3600.0, policy=policy, failing=failing, runbook=entries, name=name)
    if journal is not None:
        made.journal = journal
    return made


def of_kind(w: World, kind: type[Event]) -> list[Event]:
    return [r.event for r in w.journal.read(w.name) if isinstance(r.event, kind)]


def standings(w: World) -> list[tuple[str, Standing]]:
    return [(x.name, x.standing) for x in of_kind(w, EntryStanding) if isinstance(x, EntryStanding)]


def acted(w: World) -> set[str]:
    return {x.treatment.entry for x in of_kind(w, JobTreated) if isinstance(x, JobTreated)}


def check_changes_nothing(entry: RunbookEntry, failing: Callable[[Job], Run | None]) -> World:
    with_it, without = world(entry, failing=failing), world(failing=failing)
    own, plain = with_it.run(), without.run()
    assert own.shadows, "the failure that it knows has to come up"
    assert own.findings == plain.findings
    assert with_it.backend.launches == without.backend.launches
    assert acted(with_it) == acted(without) == {UNKNOWN}
    return with_it


@pytest.mark.parametrize(("entry", "failing"), [(OWN, transient), (DROPS, breaks_c), (DROPS, transient)])
def test_in_shadow_it_is_recorded_and_changes_nothing(
    entry: RunbookEntry, failing: Callable[[Job], Run | None]
) -> None:
    w = check_changes_nothing(entry, failing)
    c = w.state
    told = [r.event for r in w.journal.read(w.name)]
    again = replay([*told, *told])
    assert (again.shadows, again.standings, again.bound) == (c.shadows, c.standings, c.bound)
    assert c.ended, c.paused
    assert {call.remedy for call in c.shadows.values()} == {entry.remedy}


def test_planted_bug_an_entry_that_acts_before_it_has_earned_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "trusted", lambda c, runbook: tuple(runbook))
    with pytest.raises(AssertionError):
        check_changes_nothing(OWN, transient)


def test_right_often_enough_it_rises_and_acts_under_the_next_plan_only() -> None:
    journal = MemoryJournal()
    first = world(OWN, journal=journal)
    c = first.run()
    right = [call for call in c.shadows.values() if call.agrees]
    assert len(right) >= ENOUGH
    assert all("repeated, succeeded" in call.evidence for call in right)
    assert standings(first) == [("hiccup", Standing.TRUSTED)]
    assert acted(first) == {UNKNOWN}, "it rose while this plan was in force, which was approved with it in shadow"
    risen = replace(OWN, standing=standing_of(journal.verdicts([OWN.digest])[OWN.digest]))
    assert risen.standing is Standing.TRUSTED
    second = world(risen, journal=journal, name=CampaignId("later"))
    state = second.run()
    assert acted(second) == {"hiccup"}
    assert state.bound[digest_of_runbook(state)] == (("hiccup", OWN.digest),)
    assert standings(second) == []


def digest_of_runbook(c: Campaign) -> Digest:
    assert c.plan is not None
    return c.plan.runbook


def test_what_the_plan_did_not_name_may_not_act_whatever_its_standing() -> None:
    w = world(OWN)
    c = w.run()
    risen = replace(OWN, standing=Standing.TRUSTED)
    assert shadow.trusted(c, (risen,)) == ()
    bound = world(risen).run()
    assert shadow.trusted(bound, (risen,)) == (risen,)
    altered = replace(risen, limit=1)
    assert shadow.trusted(bound, (altered,)) == (), "an entry that was altered is another one"
    assert risen.digest == replace(risen, must_match=("x",)).digest


def test_a_retry_that_succeeds_shows_that_giving_up_was_wrong() -> None:
    w = world(DROPS)
    c = w.run()
    assert {call.agrees for call in c.shadows.values()} == {False}
    assert standings(w) == [], "it was in shadow and stays there"


def test_a_diagnosis_shows_who_was_right() -> None:
    right, wrong = world(DROPS, failing=breaks_c).run(), world(OWN, failing=breaks_c).run()
    assert [call.agrees for call in right.shadows.values()] == [True]
    assert [call.agrees for call in wrong.shadows.values()] == [False]
    assert "diagnosis of" in next(iter(right.shadows.values())).evidence


def test_a_trusted_entry_whose_remedy_does_not_help_falls_at_once() -> None:
    risen = replace(OWN, standing=Standing.TRUSTED)
    w = world(risen, failing=breaks_c)
    c = w.run()
    assert c.ended, c.paused
    assert standings(w) == [("hiccup", Standing.SHADOW)]
    assert [x.agrees for x in of_kind(w, EntryJudged) if isinstance(x, EntryJudged)][:1] == [False]
    treated = [x.treatment.entry for x in of_kind(w, JobTreated) if isinstance(x, JobTreated)]
    assert shadow.trusted(c, (risen,)) == ()
    assert treated.count("hiccup") == risen.limit + 1


def test_one_mistake_in_any_campaign_outweighs_all_that_was_right_in_whatever_order() -> None:
    told = [EntryVerdict(campaign=CampaignId(f"c{n}"), replicate="r", agrees=True) for n in range(ENOUGH)]
    assert standing_of(told) is Standing.TRUSTED
    assert standing_of(told[1:]) is Standing.SHADOW
    assert standing_of([*told[1:], told[1]]) is Standing.SHADOW, "one replicate says one thing"
    bad = EntryVerdict(campaign=CampaignId("c"), replicate="q", agrees=False)
    few = [*told[:2], bad]
    assert {standing_of([*told, *order]) for order in permutations(few)} == {Standing.SHADOW}


def test_a_standing_that_forgot_mistakes_would_differ() -> None:
    told = [EntryVerdict(campaign=CampaignId("c"), replicate=str(n), agrees=n > 0) for n in range(ENOUGH + 1)]
    assert standing_of(told) is Standing.SHADOW
    assert standing_of([v for v in told if v.agrees]) is Standing.TRUSTED


def test_verdicts_are_the_same_in_every_store_and_built_anew_from_the_events(tmp_path: Path) -> None:
    database, memory = Database(tmp_path / "store.db"), MemoryJournal()
    journal = SqlJournal(database)
    for n in range(3):
        told = [
            EntryJudged(entry=OWN.digest, name="hiccup", replicate=f"r{m}", agrees=m > 0, evidence="") for m in range(3)
        ]
        for log in (journal, memory):
            log.append(CampaignId(f"c{n}"), told)
            log.append(CampaignId(f"c{n}"), told)  # told again
    before = journal.verdicts([OWN.digest])
    assert before == memory.verdicts([OWN.digest])
    assert len(before[OWN.digest]) == 9
    rebuild(database)
    assert journal.verdicts([OWN.digest]) == before
    assert journal.verdicts([digest("another")]) == {digest("another"): []}
