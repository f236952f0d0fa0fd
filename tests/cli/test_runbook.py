"""A user's own runbook folder: listed, tried by doctor, and a person's word that counts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rea import app
from rea.cli.main import rea
from rea.domain.event import EntryJudged
from rea.domain.ids import CampaignId
from rea.domain.job import JobState
from rea.domain.runbook import ENOUGH, Standing
from rea.executor.backends.simulated import Run
from rea.settings import Settings, settings
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

OWN = """
explanation = "the frobnicator hiccuped"
cause = "infrastructure"
remedy = "retry"
limit = 2
symptoms = ['''frobnicator hiccuped''']
must_match = ['''zorp: the frobnicator hiccuped''', '''frobnicator hiccuped twice''']
must_not_match = ['''all is well''', '''the frobnicator is fine''']
"""


def call(state: Path, *words: str) -> Result:
    return CliRunner().invoke(rea, [*words, "--state", str(state)], standalone_mode=False)


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    folder = tmp_path / "runbook"
    folder.mkdir()
    (folder / "hiccup.toml").write_text(OWN)
    return Settings(state=tmp_path)


@pytest.fixture
def job(config: Settings) -> str:
    """Run a campaign in which the own entry, in shadow, has something to say, and return a job that it spoke of."""
    hiccup = Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log="zorp: the frobnicator hiccuped")
    w = World(
        truth=Truth(effects={"a": 0.02, "b": 0.01}),
        failing=lambda job: hiccup if job.attempt == 0 and job.change.overrides and job.index == 0 else None,
        runbook=app.runbook(config)[0],
        journal=SqlJournal(Database(config.store)),
    )
    c = w.run()
    assert c.shadows, c.paused
    return next(iter(c.shadows.values())).job


def standing(config: Settings) -> Standing:
    return next(e.standing for e in app.runbook(config)[0] if e.own)


def test_without_a_campaign_they_are_in_shadow_and_listed(config: Settings) -> None:
    assert standing(config) is Standing.SHADOW
    said = call(config.state, "runbook").output
    assert "hiccup" in said and "shadow" in said and f"{ENOUGH} more times" in said
    (config.runbook / "hiccup.toml").unlink()
    assert "no entries of your own" in call(config.state, "runbook").output


def test_why_and_the_report_say_what_it_would_have_done(config: Settings, job: str) -> None:
    assert "in shadow hiccup: infrastructure, would retry; right" in call(config.state, "why", job).output
    call(config.state, "report")
    pages = [p.read_text() for p in config.state.rglob("report.*") if p.suffix in (".md", ".html")]
    assert pages and all("in shadow hiccup" in page for page in pages)


def test_a_person_who_says_wrong_ends_it_whatever_was_right(config: Settings, job: str) -> None:
    journal = SqlJournal(Database(config.store))
    own = next(e for e in app.runbook(config)[0] if e.own)
    for n in range(ENOUGH):
        told = EntryJudged(entry=own.digest, name="hiccup", replicate=f"r{n}", agrees=True, evidence="")
        journal.append(CampaignId(f"c{n}"), (told,))
    assert standing(config) is Standing.TRUSTED
    said = json.loads(call(config.state, "runbook", "--wrong", job, "-c", CAMPAIGN, "--by", "ann", "--json").output)
    assert (said["agrees"], said["by"], said["name"]) == (False, "ann", "hiccup")
    assert standing(config) is Standing.SHADOW
    assert "so it stays in shadow" in call(config.state, "runbook").output


def test_what_nothing_was_said_about_is_refused(config: Settings, job: str) -> None:
    for name in ("nothing", job.replace(".a0", ".a7")):
        refused = call(config.state, "runbook", "--right", name, "-c", CAMPAIGN)
        assert refused.return_value == 2 or refused.exit_code, refused.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("limit = 2", "limit = 99"), "limit must lie"),
        (OWN.replace("all is well", "frobnicator hiccuped"), "must_not_match"),
    ],
)
def test_doctor_tries_own_entries_on_their_excerpts_and_a_bad_one_is_left_out(
    config: Settings, text: str, said: str
) -> None:
    assert "1 of your own" in call(config.state, "doctor").output
    (config.runbook / "hiccup.toml").write_text(text)
    (config.runbook / "network.toml").write_text(OWN)
    told = call(config.state, "doctor").output
    assert "NO  runbook" in told and said in told and "an entry called network is shipped" in told
    assert not [e for e in app.runbook(config)[0] if e.own]


def test_the_folder_can_be_named(config: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REA_RUNBOOK", str(config.runbook))
    assert settings(tmp_path / "elsewhere").runbook == config.runbook
