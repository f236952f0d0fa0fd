"""What every ``Journal`` must do. Subclass ``JournalConformance`` in a test, give it a ``journal`` fixture, and run it."""

from dataclasses import replace

import pytest

from rea.domain import event as e
from rea.domain.change import change
from rea.domain.errors import OverBudget, StaleDecision, StoreError
from rea.domain.evidence import Measurement, TestOpening
from rea.domain.experiment import Phase, Purpose, Replicate
from rea.domain.ids import CampaignId, Digest, ExperimentId, JobId
from rea.domain.job import Job, JobState, JobStatus, job_id
from rea.domain.plan import Approval, Checklist
from rea.ports import Journal

C = CampaignId("c1")
OTHER = CampaignId("c2")


def note(name: str) -> e.Event:
    """Return a small event under a key of its own."""
    return e.Notified(kind="note", subject=name)


def reserved(index: int, held_ms: int) -> e.JobReserved:
    """Return a reservation of ``held_ms`` for the job with this index."""
    replicate = Replicate(experiment=ExperimentId("e1"), index=index)
    return e.JobReserved(
        job=Job(
            id=job_id(replicate, 1),
            experiment=replicate.experiment,
            index=index,
            purpose=Purpose.SELECT,
            phase=Phase.VALIDATION,
            attempt=1,
            seed=index,
            fidelity="full",
            change=change(rate=0.1, depth=3, residual=True, optimizer="adam"),
            held_ms=held_ms,
        )
    )


def ended(index: int, cost_ms: int, state: JobState = JobState.SUCCEEDED) -> e.JobEnded:
    """Return the end of the job with this index."""
    job = job_id(Replicate(experiment=ExperimentId("e1"), index=index), 1)
    return e.JobEnded(job=job, status=JobStatus(state=state, seconds=cost_ms / 1000), cost_ms=cost_ms)


def checklist(allowance_ms: int) -> Checklist:
    """Return a checklist whose signature grants ``allowance_ms``."""
    return Checklist(
        checks=(),
        commit="0" * 40,
        workload=Digest("w"),
        data=Digest("d"),
        test_rows=Digest("t"),
        judge=Digest("j"),
        seal="handed_over",
        allowance_ms=allowance_ms,
        budget_ms=10 * allowance_ms,
        smoke_ms=1,
    )


def granted(amount_ms: int) -> tuple[e.Event, e.Event]:
    """Return a checklist and its signature."""
    shown = checklist(amount_ms)
    approval = Approval(subject=shown.digest, by="ann", at="2026-01-01T00:00:00+00:00", granted_ms=amount_ms)
    return e.ChecklistRecorded(checklist=shown), e.ChecklistSigned(approval=approval)


def opened(number: int) -> e.TestOpened:
    """Return an opening of one test set under ``number``."""
    return e.TestOpened(opening=TestOpening(data=Digest("d"), number=number, alpha=0.05))


class JournalConformance:
    """The laws of the journal. The fixture ``journal`` is one that is empty."""

    def test_what_was_appended_is_read_back_in_order(self, journal: Journal) -> None:
        events = [note("a"), *granted(100), reserved(0, 40), ended(0, 30)]
        assert journal.append(C, events) == 5
        read = journal.read(C)
        assert [record.event for record in read] == events
        assert [record.seq for record in read] == [1, 2, 3, 4, 5]
        assert [record.key for record in read] == [event.key for event in events]

    def test_reading_goes_on_from_anywhere(self, journal: Journal) -> None:
        journal.append(C, [note(n) for n in "abcd"])
        for after in range(7):
            assert [record.seq for record in journal.read(C, after)] == list(range(after + 1, 5))
            for most in range(1, 6):
                read = journal.read(C, after, most)
                assert [record.seq for record in read] == list(range(after + 1, min(5, after + 1 + most)))

    def test_a_campaign_that_is_not_known_has_no_events(self, journal: Journal) -> None:
        assert tuple(journal.read(C)) == ()
        assert tuple(journal.read(C, 3)) == ()
        assert journal.append(C, []) == 0
        assert tuple(journal.campaigns()) == ()

    def test_campaigns_are_apart_and_listed_once(self, journal: Journal) -> None:
        assert journal.append(C, [note("a"), note("b")]) == 2
        assert journal.append(OTHER, [note("a")]) == 1
        assert sorted(journal.campaigns()) == [C, OTHER]
        assert len(journal.read(OTHER)) == 1

    def test_a_key_is_recorded_once_after_every_prefix(self, journal: Journal) -> None:
        events = [*granted(100), reserved(0, 40), note("a"), ended(0, 30)]
        for upto in range(len(events) + 1):
            assert journal.append(C, events[:upto]) == upto
            assert journal.append(C, events[:upto] * 2) == upto
        assert [record.event for record in journal.read(C)] == events

    def test_the_first_of_two_events_under_one_key_counts(self, journal: Journal) -> None:
        first = e.Stopped(by="ann", reason="enough", command="1")
        assert journal.append(C, [first, replace(first, by="bob")]) == 1
        assert journal.append(C, [replace(first, by="cat"), note("a")]) == 2
        assert journal.read(C)[0].event == first

    def test_a_stale_decision_is_refused_whole(self, journal: Journal) -> None:
        assert journal.append(C, [note("a")], expected=0) == 1
        for stale in (0, 2):
            with pytest.raises(StaleDecision):
                journal.append(C, [note("b")], expected=stale)
        with pytest.raises(StaleDecision):
            journal.append(C, [note("a")], expected=0)
        assert journal.append(C, [note("b")], expected=1) == 2

    def test_nothing_is_held_without_a_grant(self, journal: Journal) -> None:
        with pytest.raises(OverBudget):
            journal.append(C, [reserved(0, 1)])
        assert tuple(journal.read(C)) == ()

    def test_no_more_is_held_than_was_granted_and_a_refused_append_leaves_nothing(self, journal: Journal) -> None:
        length = journal.append(C, [*granted(100), reserved(0, 60)])
        with pytest.raises(OverBudget):
            journal.append(C, [note("with it"), reserved(1, 41)])
        assert len(journal.read(C)) == length
        assert journal.append(C, [reserved(1, 40)]) == length + 1

    def test_an_end_gives_back_what_was_not_used(self, journal: Journal) -> None:
        journal.append(C, [*granted(100), reserved(0, 100), ended(0, 30)])
        with pytest.raises(OverBudget):
            journal.append(C, [reserved(1, 71)])
        journal.append(C, [reserved(1, 70)])

    def test_an_overrun_is_a_fact_and_breaks_nothing(self, journal: Journal) -> None:
        assert journal.append(C, [*granted(100), reserved(0, 100), ended(0, 10**9)]) == 4
        with pytest.raises(OverBudget):
            journal.append(C, [reserved(1, 1)])

    def test_what_was_not_reserved_settles_nothing(self, journal: Journal) -> None:
        journal.append(C, [*granted(100), ended(7, 100), reserved(0, 100), ended(0, 5, JobState.UNKNOWN)])
        with pytest.raises(OverBudget):
            journal.append(C, [reserved(1, 1)])

    def test_a_signature_counts_only_for_what_was_shown_last(self, journal: Journal) -> None:
        (first, sign_first), (second, sign_second) = granted(100), granted(50)
        journal.append(C, [sign_second, first, second, sign_first])
        with pytest.raises(OverBudget):
            journal.append(C, [reserved(0, 1)])

    def test_a_grant_never_shrinks(self, journal: Journal) -> None:
        (first, sign_first), (second, sign_second) = granted(100), granted(50)
        journal.append(C, [first, sign_first, second, sign_second, reserved(0, 100)])

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_numbers_that_are_not_finite_are_refused(self, journal: Journal, value: float) -> None:
        bad = e.Measured(
            job=JobId("j"), measurements=(Measurement(metric="ne", value=value, rows=1),), fingerprint=Digest("f")
        )
        with pytest.raises(StoreError, match=r"measurements\[0\].value"):
            journal.append(C, [note("a"), bad])
        assert tuple(journal.read(C)) == ()

    def test_an_amount_that_cannot_be_added_up_is_refused(self, journal: Journal) -> None:
        length = journal.append(C, [*granted(100), reserved(0, 50)])
        for bad in (reserved(1, -1), ended(0, -1), ended(0, 2**70), granted(2**63)[1]):
            with pytest.raises(StoreError, match="between"):
                journal.append(C, [bad])
        assert len(journal.read(C)) == length

    def test_openings_of_a_test_set_are_numbered_without_gap_over_all_campaigns(self, journal: Journal) -> None:
        journal.append(C, [opened(1)])
        journal.append(C, [opened(1)])
        for wrong in (1, 3):
            with pytest.raises(StaleDecision):
                journal.append(OTHER, [opened(wrong)])
        journal.append(OTHER, [opened(2)])
