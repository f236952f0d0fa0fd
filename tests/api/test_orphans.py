"""`rea doctor --orphans`: every job that runs and that no campaign waits for is named, with what ends it; nobody else's ever is."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from executor.contract.jobs import delete, eventually, running, sweep

from rea import app
from rea.api import orphans
from rea.api.orphans import Orphans, look
from rea.app.strays import strays
from rea.cli.main import rea
from rea.domain.event import Concluded, Event
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.proposal import Outcome, Proposal
from rea.executor.backends.local import LocalBackend
from rea.executor.backends.stray import Stray, key_of, ours
from rea.settings import Settings
from rea.testing.conformance_backend import LONG_S, Work, real_launch
from rea.testing.conformance_journal import C, ended, granted, reserved

pytestmark = pytest.mark.real
KNOWN = reserved(0, 60).job.id


@pytest.fixture(autouse=True)
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster that this machine may know of by chance is asked."""
    monkeypatch.setattr("rea.app.strays.SITE", Path("/nonexistent"))
    for name in ("SLURM_CONF", "RAY_API_SERVER_ADDRESS", "REA_BACKEND"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Settings]:
    """A state with one campaign that waits for one job, which runs."""
    state = Settings(state=tmp_path / "state")
    app.journal(state).append(C, [*granted(100), reserved(0, 60)])
    begin(state, KNOWN)
    yield state
    sweep(tmp_path)
    for stray in strays(state)[0]:  # those whose folder a test has deleted
        if str(stray.directory).startswith(f"{tmp_path}/"):
            subprocess.run(stray.cancel, check=False)


def begin(config: Settings, job: str) -> Path:
    """Start a job where the campaign's jobs lie, whether or not the journal knows of it."""
    backend = LocalBackend(root=config.campaign(C) / "jobs", grace_s=1)
    told = real_launch(backend.root, job, Work(seconds=LONG_S))
    backend.submit(told)
    running(Path(told.directory))
    return Path(told.directory)


def mine(config: Settings) -> Orphans:
    """Return what is found, without what other tests leave running on this machine at the same time."""
    found, here = look(config), str(config.state.parent) + os.sep
    return replace(
        found,
        orphans=tuple(o for o in found.orphans if o.directory.startswith(here)),
        elsewhere=tuple(state for state in found.elsewhere if f"{state}/".startswith(here)),
    )


def keys(config: Settings) -> list[str]:
    return [o.key for o in mine(config).orphans]


def test_a_job_that_its_campaign_waits_for_is_no_orphan(config: Settings) -> None:
    found = mine(config)
    assert (found.orphans, found.known, found.unasked) == ((), 1, ())


def test_one_that_no_journal_knows_is_named_and_its_command_ends_it(config: Settings) -> None:
    stranger = begin(config, "x9.validation.s1.a0")
    (orphan,) = mine(config).orphans
    assert (orphan.key, orphan.directory, orphan.why) == (stranger.name, str(stranger), "no campaign knows it")
    subprocess.run(orphan.cancel, shell=True, check=True)
    assert eventually(lambda: not mine(config).orphans)
    assert mine(config).known == 1, "the other job goes on"


@pytest.mark.parametrize(
    "over",
    [
        lambda: ended(0, 40, JobState.LOST),
        lambda: Concluded(proposal=Proposal(outcome=Outcome.STOPPED, reason="enough")),
    ],
    ids=["the journal has it lost", "the campaign is concluded"],
)
def test_one_that_is_waited_for_no_more_is_named(config: Settings, over: Callable[[], Event]) -> None:
    app.journal(config).append(C, [over()])
    (orphan,) = mine(config).orphans
    assert (orphan.key, orphan.why) == (KNOWN, "its campaign waits for it no more")


def test_a_smoke_run_may_have_somebody_who_waits_for_it(config: Settings) -> None:
    begin(config, "smoke.plain.a0")
    (orphan,) = mine(config).orphans
    assert "a check that is under way may wait" in orphan.why


def test_they_are_found_when_the_whole_state_was_deleted(config: Settings) -> None:
    begin(config, "x9.validation.s1.a0")
    delete(config.state)
    assert sorted(keys(config)) == sorted([KNOWN, "x9.validation.s1.a0"])


def test_one_whose_wrapper_was_killed_is_found(config: Settings) -> None:
    app.journal(config).append(C, [ended(0, 40, JobState.LOST)])
    control = config.campaign(C) / "jobs" / KNOWN / "control"
    os.kill(int((control / "claim").read_text().split()[0]), 9)
    assert keys(config) == [KNOWN]


def test_those_of_another_state_folder_are_left_to_it(config: Settings, tmp_path: Path) -> None:
    found = mine(Settings(state=tmp_path / "other"))
    assert (found.orphans, found.elsewhere) == ((), (str(config.state),))


def test_a_state_folder_that_is_a_link_knows_its_jobs(config: Settings, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(config.state)
    assert keys(Settings(state=tmp_path / "link")) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process of another user")
def test_a_process_of_another_user_is_never_named(config: Settings, tmp_path: Path) -> None:
    lock = tmp_path / "jobs" / "theirs.a0" / "control" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        theirs = subprocess.Popen(["sleep", "321"], stdin=held, user=65534, start_new_session=True)
    try:
        assert eventually(lambda: Path(f"/proc/{theirs.pid}/fd/0").resolve() == lock)
        assert keys(config) == []
    finally:
        theirs.kill()
        theirs.wait()


def test_a_cluster_that_cannot_be_asked_is_told_as_such(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:1")
    assert "could not be asked" in "".join(mine(config).unasked)


def test_the_command_says_it_in_json_and_in_its_exit_code(config: Settings) -> None:
    begin(config, "x9.validation.s1.a0")
    words = ["doctor", "--orphans", "--json", "--state", str(config.state)]
    answer = CliRunner().invoke(rea, words, standalone_mode=False)
    told = json.loads(answer.stdout)
    assert (answer.return_value, told["kind"]) == (1, "orphans")
    (orphan,) = (o for o in told["orphans"] if o["directory"].startswith(str(config.state)))
    assert orphan["cancel"].startswith("kill -s TERM -- -")


def test_planted_bug_a_look_that_trusts_the_folder_alone_misses_them(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list the directories of jobs and ask the backend is what every wake does: it cannot see what has none."""
    stranger = begin(config, "x9.validation.s1.a0")
    delete(stranger)
    assert keys(config) == [stranger.name]
    monkeypatch.setattr(
        orphans,
        "strays",
        lambda config: (tuple(s for s in strays(config)[0] if s.directory and s.directory.exists()), ()),
    )
    assert keys(config) == []


def test_planted_bug_a_look_that_takes_any_job_of_a_campaign_for_known_misses_what_is_over(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.journal(config).append(C, [ended(0, 40, JobState.LOST)])
    monkeypatch.setattr(orphans, "live", lambda c: list(c.jobs))
    assert keys(config) == []


def test_names_of_ours_are_told_from_others() -> None:
    key = key_of(Path("/s/campaigns/c/jobs/e1.s0.a0"))
    assert ours(key) and not ours(f"{key}.wake")
    assert not any(ours(name) for name in ("rea", "rea-", "rea-nothex-x", "rea-0123456789ab-", "train", JobId("a-b-c")))


def test_a_process_that_ends_while_it_is_looked_at_holds_nothing(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here() -> list[Stray]:
        return [s for s in strays(config)[0] if str(s.directory).startswith(f"{config.state.parent}/")]

    real, (job,) = os.getpgid, here()
    gone = {int(word.removeprefix("-")) for word in job.cancel[4:]}

    def ended_meanwhile(pid: int) -> int:
        if real(pid) in gone:
            raise ProcessLookupError(pid)
        return real(pid)

    monkeypatch.setattr(os, "getpgid", ended_meanwhile)
    assert here() == []
