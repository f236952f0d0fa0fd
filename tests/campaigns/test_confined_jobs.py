"""A whole campaign whose jobs run in the sandbox: it ends as any other, and the labels are out of reach, which is what `enforced` claims."""

from pathlib import Path

import pytest
from campaigns.toys import Terminal, at_rest, checked, planned, repository

from rea.domain.ids import JobId
from rea.executor.materialise.layout import place_of
from rea.executor.materialise.workspace import reopen
from rea.sandbox import probe

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no enforced seal tried: {probe().why}; {probe().fix}"),
]

# A job that looks for labels and tells what it found in its own output.
THIEF = """
import os, json as _json
_out = Path(__import__("sys").argv[__import__("sys").argv.index("--out") + 1])
_found = []
for _root in {roots!r}:
    for _at, _folders, _files in os.walk(_root):
        _found += [os.path.join(_at, f) for f in _files if f.endswith(".npz") or f == "key" or f == "log.csv" or f == "store.db"]
_out.mkdir(exist_ok=True)
(_out / "found.json").write_text(_json.dumps(_found))
"""


def thief(tmp_path: Path, sandbox: str) -> Terminal:
    roots = [str(tmp_path), "/proc/1/root" + str(tmp_path)]
    folder = repository(tmp_path / "toy", prelude=THIEF.format(roots=roots))
    return checked(folder, tmp_path / "state", sandbox=sandbox)


def loot(terminal: Terminal) -> str:
    return next(terminal.jobs.glob("smoke.plain.*/out/found.json")).read_text()


def test_a_job_that_looks_for_labels_finds_none_and_the_seal_says_so(tmp_path: Path) -> None:
    terminal = thief(tmp_path, "auto")
    checklist = terminal.state.checklist
    assert checklist is not None and checklist.passed, checklist
    assert checklist.seal == "enforced"
    assert loot(terminal) == "[]"


def test_without_the_sandbox_the_same_job_finds_them_and_the_seal_says_that(tmp_path: Path) -> None:
    """The planted bug: were the thief unable to find anything, the test above would prove nothing."""
    terminal = thief(tmp_path, "off")
    checklist = terminal.state.checklist
    assert checklist is not None and checklist.seal == "handed_over"
    assert "judge.npz" in loot(terminal) and "key" in loot(terminal)


@pytest.mark.slow
def test_a_whole_campaign_runs_confined(tmp_path: Path) -> None:
    terminal = checked(repository(tmp_path / "toy", limit_s=3), tmp_path / "state", budget_s=90.0, sandbox="required")
    assert terminal.state.checklist is not None and terminal.state.checklist.seal == "enforced"
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    c = terminal.until(at_rest)
    assert c.proposal is not None, c.paused
    assert c.ledger.held == 0
    ours = reopen(terminal.config.campaign(terminal.campaign), c.setup)
    assert ours.record.cell is not None
    job = next(iter(c.jobs))
    assert "bwrap" in (place_of(ours.directory, JobId(job)).control / "spec").read_text()
    terminal.until(lambda _: terminal.processes() == [])
