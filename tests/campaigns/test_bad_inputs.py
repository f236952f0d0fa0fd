"""Whatever a person hands in: a clear error or a check that says what to mend, and nothing is lost."""

from pathlib import Path

import pytest
from campaigns.toys import BUDGET_S, Terminal, at_rest, checked, commit, planned, repository

from rea import app
from rea.api import deciding, starting
from rea.domain.errors import ReaError, UsageError, WorkloadError
from rea.domain.plan import Check
from rea.settings import Settings

REWRITE = """import sys
path = Path(sys.argv[sys.argv.index("--out") + 1]) / "predictions.csv"
lines = path.read_text().splitlines()
"""
SPOILT = {
    "NaN": REWRITE
    + 'path.write_text("\\n".join([lines[0], *(line.split(",")[0] + ",nan" for line in lines[1:]), ""]))',
    "truncated": REWRITE + 'path.write_text("\\n".join([*lines[: len(lines) // 2], ""]))',
    "none at all": REWRITE + "path.unlink()",
}
WORDS = {"NaN": "finite", "truncated": "rows", "none at all": "predictions.csv"}


def failing(terminal: Terminal) -> list[Check]:
    c = terminal.state
    assert c.checklist is not None
    return [check for check in c.checklist.checks if check.blocking and not check.ok]


@pytest.mark.real
@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_predictions_are_named_before_anything_is_granted(tmp_path: Path, how: str) -> None:
    terminal = checked(repository(tmp_path / "toy", ending=SPOILT[how]), tmp_path / "state")
    (check,) = failing(terminal)
    assert WORDS[how] in check.detail
    assert check.fix
    with pytest.raises(UsageError, match="does not pass"):
        terminal.approve()
    assert terminal.state.ledger.granted == 0
    assert terminal.processes() == []


ONLY_CROSSES = 'if "crosses=true" in __import__("sys").argv:\n'


def _indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.splitlines())


@pytest.mark.real
def test_a_lever_that_spoils_predictions_is_dropped_and_the_campaign_goes_on(tmp_path: Path) -> None:
    """The checklist cannot see this one: only a change makes the training write NaN."""
    folder = repository(tmp_path / "toy", ending=ONLY_CROSSES + _indented(SPOILT["NaN"]))
    # on a busy machine less pays for one idea only, and it may be the other
    terminal = checked(folder, tmp_path / "state", budget_s=3 * BUDGET_S)
    assert failing(terminal) == [], [c.detail for c in failing(terminal)]
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    terminal.until(lambda c: bool(c.dropped))
    deciding.steer(terminal.log, terminal.campaign, terminal.state, "finish", "", "ann")
    c = terminal.until(at_rest)
    assert c.ended, c.paused
    spoilt = [e for e in c.dropped if "crosses" in str(c.experiments[e].change)]
    assert spoilt
    assert c.proposal is not None
    assert "crosses" not in str(c.proposal.change)
    assert c.ledger.held == 0


@pytest.mark.real
def test_a_baseline_that_begins_to_fail_pauses_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    ending = f"if Path({str(broken)!r}).exists():\n{_indented(SPOILT['none at all'])}"
    terminal = checked(repository(tmp_path / "toy", ending=ending), tmp_path / "state")
    broken.touch()
    terminal.approve()
    terminal.until(at_rest)
    c = terminal.until(lambda c: c.ledger.held == 0)  # what ran beside it is seen to its end
    assert "predictions" in c.paused
    assert terminal.starts() == {str(job): 1 for job in c.jobs}


def refused(folder: Path, state: Path, budget_s: float = 50.0) -> ReaError:
    """Return the error of a check that opens nothing: no campaign, no folder of one."""
    config = Settings(state=state, slots=2)
    with pytest.raises(ReaError) as raised:
        starting.check(config, starting.Request(repository=folder, budget_s=budget_s))
    assert raised.value.hint
    assert list(app.journal(config).campaigns()) == []
    assert [p for p in state.glob("campaigns/*") if p.is_dir()] == []
    return raised.value


def test_no_folder_no_repository_no_commit_and_no_workload_are_four_errors(tmp_path: Path) -> None:
    assert "is no folder" in refused(tmp_path / "nowhere", tmp_path / "s").message
    bare = tmp_path / "bare"
    bare.mkdir()
    assert "no git repository" in refused(bare, tmp_path / "s").message
    (bare / "README").write_text("nothing else\n")
    commit(bare)
    error = refused(bare, tmp_path / "s")
    assert isinstance(error, WorkloadError)
    assert "workload.toml" in error.message


def test_no_budget_is_an_error_and_too_small_a_one_a_failing_check(tmp_path: Path) -> None:
    folder = repository(tmp_path / "toy")
    assert "no budget" in refused(folder, tmp_path / "s", budget_s=0).message
    (check,) = failing(checked(folder, tmp_path / "s", budget_s=5.0))
    assert check.name == "budget"
    assert "--budget" in check.fix


def test_an_unknown_key_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    folder = repository(tmp_path / "toy")
    told = folder / "workload.toml"
    told.write_text(told.read_text().replace('label = "click"', 'lable = "click"'))
    error = refused(folder, tmp_path / "s")
    assert "lable" in error.message + error.hint
    assert "label" in error.message + error.hint
