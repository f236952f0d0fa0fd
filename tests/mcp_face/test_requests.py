"""A request from its client to a person's answer on the command line, and what is true of the plan in between."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from mcp_face.client import Caller, with_client
from mcp_face.states import config, journal, stored, waiting

from rea.api import answering, asking, looking
from rea.campaign.evolve import replay
from rea.cli.main import rea
from rea.domain import event as e
from rea.domain.errors import UsageError
from rea.executor.materialise import Mirror
from rea.executor.materialise.layout import mirror_of
from rea.testing.simulation import CAMPAIGN


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(rea, list(words), standalone_mode=False)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.return_value if isinstance(done.return_value, int) else 0, done.output


def asked_for(state: Path, tool: str, **words: object) -> str:
    async def body(c: Caller) -> str:
        h = await c.campaign()
        given = {"like": h} if tool == "request_campaign" else {"campaign": h}
        return str((await c.ask(tool, **given, **words))["request"]["request"])

    return with_client(state, body)


def test_a_hypothesis_enters_the_plan_only_when_a_person_accepts_it(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(
        state, "request_hypothesis", overrides=["a=0.7"], why="bigger", predicted=0.02, statement="a helps"
    )
    assert len(journal(state)) == len(waiting())
    assert name in call("requests", "--state", str(state))[1]
    c = looking.campaign(config(state), CAMPAIGN)
    answering.accept(config(state), c, answering.found(config(state), name), "ann")
    fresh = journal(state)[len(waiting()) :]
    amended = [r.event for r in fresh if isinstance(r.event, e.HypothesisAmended)]
    assert len(fresh) == len(amended) == 1
    assert amended[0].by == "ann"
    assert "asked" in amended[0].hypothesis.rationale.lower()
    after = replay(r.event for r in journal(state))
    assert not after.approved
    assert after.replan, "the plan is priced anew"


def test_a_request_is_answered_once_and_stays_answered(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_run", why="please")
    assert asked_for(state, "request_run", why="please, again") == name
    assert call("requests", "reject", name, "--reason", "not now", "--by", "ann", "--state", str(state))[0] == 0
    assert asked_for(state, "request_run", why="the user says yes") == name
    told = [r for r, a in asking.asked(config(state)) if a is None]
    assert told == []
    code, text = call("requests", "accept", name, "--json", "--state", str(state))
    assert code == 2
    assert "was rejected by ann" in json.loads(text)["message"]
    assert "nothing waits" in call("requests", "--state", str(state))[1]
    assert "rejected by ann" in call("requests", "--all", "--state", str(state))[1]


def test_who_answers_first_has_answered(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_hypothesis", overrides=["a=0.7"], why="bigger")
    c, request = looking.campaign(config(state), CAMPAIGN), answering.found(config(state), name)
    answering.reject(config(state), request, "no", "bob")
    with pytest.raises(UsageError, match="answered otherwise"):
        answering.accept(config(state), c, request, "ann")
    assert len(journal(state)) == len(waiting()), "what was rejected is not done"


def test_an_acceptance_that_a_crash_cut_short_is_finished_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_hypothesis", overrides=["a=0.7"], why="bigger")
    c = looking.campaign(config(state), CAMPAIGN)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("rea.app.journal", killed)
        answering.accept(config(state), c, answering.found(config(state), name, accepting=True), "ann")
    assert len(journal(state)) == len(waiting())
    for _ in range(2):
        answering.accept(config(state), c, answering.found(config(state), name, accepting=True), "ann")
        assert len(journal(state)) == len(waiting()) + 1


def killed(_: object) -> None:
    raise KeyboardInterrupt


def test_nothing_is_accepted_into_a_campaign_that_is_over(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_hypothesis", overrides=["a=0.7"], why="bigger")
    c = looking.campaign(config(state), CAMPAIGN)
    c.stopped = "stopped by ann"
    with pytest.raises(UsageError, match="is over"):
        answering.accept(config(state), c, answering.found(config(state), name), "ann")
    assert len(journal(state)) == len(waiting())


def test_a_person_is_told_of_what_cannot_be_seen_in_a_diff(patchable: Path) -> None:
    name = asked_for(patchable, "request_patch", diff=diff("ranker/train.py", new="rate = 2 # \u202e\u2066"), why="")
    shown = call("requests", "show", name, "--state", str(patchable))[1]
    assert "CAREFUL" in shown
    assert "\u202e" not in shown


def test_accepting_a_run_names_the_command_that_approves_and_approves_nothing(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_run", why="please")
    code, text = call("requests", "accept", name, "--state", str(state))
    assert code == 0
    assert f"rea approve -c {CAMPAIGN} --digest {replay(waiting()).plan_digest[:12]}" in text
    assert len(journal(state)) == len(waiting())


def test_a_run_of_a_plan_that_has_moved_on_cannot_be_accepted(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_run", why="please")
    request = answering.found(config(state), name)
    c = looking.campaign(config(state), CAMPAIGN)
    c.plan_digest = type(c.plan_digest)("0" * 64)
    with pytest.raises(UsageError, match="does not wait"):
        answering.accept(config(state), c, request, "ann")


def test_a_campaign_is_asked_for_by_a_known_repository_only(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_campaign", budget_s=7200.0, why="more")
    assert "rea start /repository --budget 7200s" in call("requests", "accept", name, "--state", str(state))[1]


def test_what_a_client_wrote_cannot_steer_a_terminal(tmp_path: Path) -> None:
    state = stored(waiting(), tmp_path / "s")
    name = asked_for(state, "request_run", why="\x1b]0;owned\x07\x1b[2Jplease\rAPPROVED")
    shown = call("requests", "show", name, "--state", str(state))[1]
    assert "\x1b" not in shown
    assert "\r" not in shown


@pytest.fixture
def patchable(tmp_path: Path) -> Path:
    """A state whose campaign stands on a real commit with one editable file."""
    repository = tmp_path / "repository"
    (repository / "ranker").mkdir(parents=True)
    (repository / "ranker" / "train.py").write_text("rate = 1\n")
    (repository / "workload.toml").write_text("")
    git = ("git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@localhost")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run((*git, *words), check=True)
    commit = subprocess.run((*git, "rev-parse", "HEAD"), check=True, capture_output=True, text=True).stdout.strip()
    state = stored(waiting(), tmp_path / "s", editable=("ranker/**",), commit=commit)
    Mirror(mirror_of(config(state).campaign(CAMPAIGN))).fetch(repository, commit)
    return state


def diff(path: str, old: str = "rate = 1", new: str = "rate = 2") -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n"


@pytest.mark.parametrize("path", ["ranker/train.py", "workload.toml", "../outside.py"])
def test_an_accepted_patch_is_laid_before_the_gate_and_enters_nothing_by_itself(path: str, patchable: Path) -> None:
    name = asked_for(
        patchable, "request_patch", diff=diff(path), why="faster", statement="a higher rate helps; touch /tmp/x"
    )
    c = looking.campaign(config(patchable), CAMPAIGN)
    after = shlex.split(answering.accept(config(patchable), c, answering.found(config(patchable), name), "ann"))
    assert after[:3] == ["rea", "patch", "add"]
    assert Path(after[3]).read_text() == diff(path)
    assert after[after.index("--statement") + 1] == "a higher rate helps; touch /tmp/x"
    assert len(journal(patchable)) == len(waiting()), "only the gate lets a patch in"


def test_without_the_library_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rea.cli.mcp.find_spec", lambda _: None)
    code, text = call("mcp", "--json", "--state", str(tmp_path))
    assert code == 2
    assert "pip install" in json.loads(text)["next"]
