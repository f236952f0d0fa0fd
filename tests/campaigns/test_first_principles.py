"""A real training that fails as no runbook entry knows: the guilty lever is found by small reruns while the campaign goes on."""

from pathlib import Path

import pytest
from campaigns.toys import at_rest, checked, planned, repository

from rea import app
from rea.domain.diagnosis import Fault
from rea.domain.experiment import Purpose

ZORP = 'if "crosses=true" in __import__("sys").argv: raise SystemExit("the frobnicator is upside down")'

IDEA = """
[[idea]]
statement = "Crosses help"
set = { crosses = true }
"""


@pytest.mark.real
def test_the_guilty_lever_is_named_with_the_reruns_that_show_it(tmp_path: Path) -> None:
    terminal = checked(repository(tmp_path / "toy", prelude=ZORP), tmp_path / "state")
    (terminal.config.campaign(terminal.campaign) / app.IDEAS).write_text(IDEA)
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    c = terminal.until(at_rest)
    assert c.ended, c.paused
    assert c.diagnoses
    for found in c.diagnoses.values():
        assert found.fault is Fault.CHANGE, found.reason
        assert dict(found.minimal.overrides) == {"crosses": True}
        assert "crosses=true" in c.dropped[found.experiment]
    reruns = [r for r in c.jobs.values() if r.job.purpose is Purpose.DIAGNOSE]
    assert {r.job.id for r in reruns} == {j for d in c.diagnoses.values() for j in d.evidence}
    assert all((terminal.jobs / r.job.id / "starts").exists() for r in reruns)
    assert not any((terminal.jobs / r.job.id / "view" / "predictions.csv").exists() for r in reruns)
    assert c.ledger.held == 0
