"""A whole campaign with real processes: asleep between jobs, woken by them, nothing launched twice, nothing overspent."""

import pytest
from campaigns.toys import Terminal, at_rest, checked, planned, repository

from rea import app
from rea.domain.job import JobState
from rea.domain.proposal import Outcome


@pytest.fixture(scope="module")
def concluded(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("whole")
    terminal = checked(repository(folder / "toy"), folder / "state")
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    terminal.until(at_rest)
    return terminal


@pytest.mark.real
def test_it_concludes_and_finds_the_lever_that_matters(concluded: Terminal) -> None:
    """Log and seeds are drawn afresh, so a Confirmation this small misses now and then; what was measured and what is claimed must agree."""
    c = concluded.state
    assert c.proposal is not None, c.paused
    assert c.proposal.outcome in (Outcome.WINNER, Outcome.NO_WINNER), c.proposal.reason
    crossed = [
        f.raw
        for f in c.findings.values()
        if dict(c.experiments[f.experiment].change.overrides).get("crosses") and f.seeds
    ]
    assert crossed and max(crossed) > 0
    if c.proposal.outcome is Outcome.WINNER:
        assert dict(c.proposal.change.overrides).get("crosses") is True
        assert c.proposal.finding is not None and c.proposal.finding.effect.low > 0
    assert c.opening is not None
    assert c.opening.number == 1


@pytest.mark.real
def test_nothing_stays_held_and_nothing_is_overspent(concluded: Terminal) -> None:
    ledger = concluded.state.ledger
    assert (ledger.held, ledger.overrun) == (0, 0)
    assert 0 < ledger.spent <= ledger.granted


@pytest.mark.real
def test_every_job_began_once_by_its_own_mark(concluded: Terminal) -> None:
    c = concluded.state
    assert {r.state for r in c.jobs.values()} <= {
        JobState.SUCCEEDED,
        JobState.FAILED,
    }  # a loaded machine may run into the tight limit
    assert concluded.starts() == {str(job): 1 for job in c.jobs}


@pytest.mark.real
def test_what_was_learnt_is_kept_and_the_journal_is_whole(concluded: Terminal) -> None:
    c = concluded.state
    assert len(app.insights(concluded.config).all()) == len({f.experiment for f in c.findings.values()}) > 0
    assert concluded.log.verify(concluded.campaign) == len(concluded.log.read(concluded.campaign))


@pytest.mark.real
def test_nothing_runs_afterwards_and_two_signatures_were_enough(concluded: Terminal) -> None:
    concluded.wake()
    # whoever concluded it may still be on its way out
    concluded.until(lambda _: concluded.processes() == [])
    assert concluded.state.human_touches == 2
