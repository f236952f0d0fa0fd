"""A file system without a free inode: a clear error each, nothing half written, a running job's end is still told; freed, all goes on."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from executor.contract.jobs import alive, eventually, running, sweep

from rea import app, gate
from rea.domain.errors import ReaError, StoreError
from rea.domain.job import JobState
from rea.executor.backends.local import LocalBackend
from rea.executor.contract import directory as places
from rea.settings import Settings
from rea.testing.conformance_backend import Work, real_launch
from rea.testing.conformance_journal import C, note

pytestmark = pytest.mark.real


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Settings]:
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=16m,nr_inodes=120", "tmpfs", str(place)]
    done = subprocess.run(words, capture_output=True)
    if done.returncode:
        pytest.skip(f"NO SMALL FILE SYSTEM CAN BE MOUNTED HERE: {done.stderr.decode().strip()}: run as root")
    state = Settings(state=place / "state")
    app.journal(state).append(C, [note("a")])
    state.campaign(C).mkdir(parents=True)
    yield state
    sweep(place)
    subprocess.run(["umount", "--lazy", place], check=True)


def exhaust(config: Settings) -> Callable[[], None]:
    """Take the last inode, and return what gives all back."""
    taken: list[Path] = []
    folder = config.state.parent / "litter"
    folder.mkdir()
    try:
        while True:
            taken.append(folder / str(len(taken)))
            taken[-1].touch()
    except OSError:
        return lambda: shutil.rmtree(folder)


def test_nothing_is_half_recorded_and_freed_it_goes_on(config: Settings) -> None:
    free = exhaust(config)
    try:
        app.journal(config).append(C, [note("b")])
    except StoreError as error:
        assert error.hint
    else:
        assert len(app.journal(config).read(C)) == 2, "what was said to be recorded is"
    assert gate.main([str(config.state), C]) == 21, "the timer tries again"
    free()
    app.journal(config).append(C, [note("b"), note("c")])
    assert [r.key for r in app.journal(config).read(C)] == [f"notified:note:{name}" for name in "abc"]


def test_a_new_campaign_is_refused_and_leaves_nothing(config: Settings) -> None:
    free = exhaust(config)
    with pytest.raises((OSError, ReaError)):
        config.campaign("c9").mkdir(parents=True)
        app.journal(Settings(state=config.state / "other"))
    free()
    assert not (config.campaign("c9") / "backend.json").exists()


def test_a_job_that_runs_meanwhile_ends_and_is_told(config: Settings) -> None:
    backend = LocalBackend(root=config.campaign(C) / "jobs", grace_s=1)
    told = real_launch(backend.root, "j0", Work(seconds=2, code=3))
    backend.submit(told)
    running(Path(told.directory))
    free = exhaust(config)
    with pytest.raises((OSError, ReaError)):
        backend.submit(real_launch(backend.root, "j1", Work()))
    assert eventually(lambda: backend.poll([told.job])[told.job].state.ended)
    assert backend.poll([told.job])[told.job].reason == "exit 3"
    free()
    backend.submit(real_launch(backend.root, "j1", Work()))
    assert eventually(lambda: backend.poll(["j1"])["j1"].state is JobState.SUCCEEDED)  # type: ignore[index,list-item]


def test_planted_bug_without_room_taken_before_the_end_is_not_told(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit record is made before the job begins; made at its end, there is no inode for it."""
    right = places.write_durably
    monkeypatch.setattr(places, "write_durably", lambda p, text: None if p.name == "exit.tmp" else right(p, text))
    backend = LocalBackend(root=config.campaign(C) / "jobs", grace_s=1)
    told = real_launch(backend.root, "j0", Work(seconds=3))
    backend.submit(told)
    leader = running(Path(told.directory))
    exhaust(config)

    def ended(what: Callable[[], bool]) -> bool:
        """Look, and take what the watcher's own files give back from time to time."""
        with suppress(OSError):
            (config.state / f"more-{next(numbers)}").touch()
        return what()

    numbers = count()
    assert eventually(lambda: ended(lambda: not alive(leader)))
    told_by_now = eventually(lambda: ended(lambda: backend.poll([told.job])[told.job].state.ended), within=2.0)
    assert not told_by_now
