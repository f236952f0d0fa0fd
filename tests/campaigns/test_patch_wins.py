"""The whole way with real processes: a patch that helps is let in, planned, raced, confirmed on sealed rows, and handed back as a branch."""

import subprocess
from pathlib import Path

import pytest
from campaigns.patches import diff
from campaigns.toys import at_rest, checked, commit, planned, repository

from benchmarks.agent.cheats import Ground, load
from rea.api import branching, patching
from rea.api.patching import Claim
from rea.domain.evidence import Flag
from rea.domain.experiment import Phase, Purpose
from rea.domain.proposal import Outcome
from rea.sandbox import probe

PAIRS = (
    ('"stop_at": 1.0}', '"stop_at": 1.0, "pairs": False}'),
    (
        'train = [(features(r, config["crosses"])',
        'config["crosses"] = config["crosses"] or config["pairs"]\n    train = [(features(r, config["crosses"])',
    ),
)

HIDDEN = Path(__file__).parents[2] / "benchmarks" / "agent" / "second" / "01_hidden_training.py"
CROSSES = '[[lever]]\nname = "crosses"\ntype = "bool"\nrole = "crosses"\ndefault = false\n'


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no patch tried: {probe().why}; {probe().fix}")
def test_a_patch_that_helps_wins_and_ends_as_a_branch(tmp_path: Path) -> None:
    folder = repository(tmp_path / "toy", limit_s=4)
    told = folder / "workload.toml"
    told.write_text(told.read_text().replace(CROSSES, ""))
    commit(folder)
    terminal = checked(folder, tmp_path / "state", budget_s=70.0, sandbox="required")
    claim = Claim(
        levers=("pairs",), statement="Which user sees which place matters.", predicted=0.02, by="ann", cost=1.5
    )
    event, hypothesis = patching.add(terminal.config, terminal.campaign, terminal.state, diff(folder, *PAIRS), claim)
    terminal.approve()
    c = terminal.until(planned)
    assert hypothesis.id in {h.id for h in c.plan.hypotheses}  # type: ignore[union-attr]
    terminal.approve()
    c = terminal.until(at_rest, 900.0)
    if c.paused:  # it may look too good to be true, which a person has to look at
        pytest.skip(f"paused for a person: {c.paused}")
    assert c.proposal is not None
    confirming = [
        r for r in c.jobs.values() if r.job.purpose is Purpose.CONFIRM and event.patch in r.job.change.patches
    ]
    assert confirming, "the patch was what was confirmed"
    assert c.proposal.outcome is Outcome.WINNER, c.proposal.reason
    assert event.patch in c.proposal.change.patches
    made = branching.make(terminal.config, terminal.campaign, c, "", "ann")
    git = ("git", "-C", str(folder))
    text = subprocess.run((*git, "show", made.branch), capture_output=True, text=True, check=True).stdout
    assert "on the sealed test rows" in text and 'config["pairs"]' in text and '+name = "pairs"' in text
    # what the branch holds is what ran: the same bytes, under the settings that it names
    subprocess.run((*git, "worktree", "add", "-q", str(tmp_path / "review"), made.branch), check=True)
    assert '"pairs": False' in (tmp_path / "review" / "train.py").read_text()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no patch tried: {probe().why}; {probe().fix}")
def test_a_patch_that_trains_more_than_its_lever_says_is_left_to_a_person(tmp_path: Path) -> None:
    """It is really better, passes the gate and is confirmed. What its gain is said to come from is not what it comes from."""
    folder = repository(tmp_path / "toy", limit_s=4)
    (hidden,) = [c for c in load(HIDDEN.parent) if c.name == "trains more models than it says"]
    original = {"train.py": (folder / "train.py").read_text()}
    nowhere = tmp_path / "nowhere"
    text = hidden.files(Ground(nowhere, folder, original, nowhere, [], nowhere))["train.py"]
    terminal = checked(folder, tmp_path / "state", budget_s=150.0, sandbox="required")
    claim = Claim(levers=("cheat",), statement="A switch that costs nothing.", predicted=0.02, by="ann")
    event, _ = patching.add(terminal.config, terminal.campaign, terminal.state, diff(folder, new=text), claim)
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    c = terminal.until(at_rest, 900.0)
    if c.paused:
        pytest.skip(f"paused for a person: {c.paused}")
    assert c.proposal is not None
    if event.patch in c.proposal.change.patches:
        assert c.proposal.outcome is Outcome.NEEDS_A_PERSON and "times as long as the baseline" in c.proposal.reason
    dear = [f for f in c.findings.values() if event.patch in c.experiments[f.experiment].change.patches]
    assert dear[-1].phase is not Phase.CONFIRMATION or {Flag.DEARER, Flag.COST_NOT_SHOWN} & set(dear[-1].flags)
