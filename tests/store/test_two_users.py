"""Two users of one machine, real ones: neither takes the other's store, whatever the umask nobody else reads ours."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rea import app
from rea.domain.errors import StoreError
from rea.settings import Settings
from rea.store import sqlite
from rea.testing.conformance_journal import C, note

NOBODY = 65534
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="NEEDS ROOT: only root can act as two users")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may enter and write, as /tmp is."""
    place = Path(tempfile.mkdtemp(prefix="rea-two-", dir="/tmp"))
    place.chmod(0o1777)
    yield place
    shutil.rmtree(place)


def as_user(uid: int, state: Path) -> str:
    """Look at a state as another user, in a process that is one: a fork, as the interpreter may be out of that user's reach."""
    app.journal(Settings(state=state.parent / "warm"))  # what is imported on first use is imported now
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writing, look(state).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def look(state: Path) -> str:
    try:
        return f"read {len(app.journal(Settings(state=state)).campaigns())}"
    except StoreError as error:
        return f"{error.message} | {error.hint}"
    except OSError as error:  # the command line tells these too: `rea.cli.face`
        return str(error)


@needs_root
def test_root_does_not_take_another_users_store(shared: Path) -> None:
    assert as_user(NOBODY, shared / "theirs") == "read 0"
    before = {p: (p.stat().st_uid, p.read_bytes()) for p in (shared / "theirs").rglob("*") if p.is_file()}
    with pytest.raises(StoreError, match=f"belongs to user {NOBODY}, and you are user 0") as caught:
        app.journal(Settings(state=shared / "theirs"))
    assert "REA_STATE" in caught.value.hint
    assert before == {p: (p.stat().st_uid, p.read_bytes()) for p in (shared / "theirs").rglob("*") if p.is_file()}


@needs_root
def test_another_user_is_told_whose_store_it_is(shared: Path) -> None:
    config = Settings(state=shared / "ours")
    app.journal(config).append(C, [note("a")])
    assert "Permission denied" in as_user(NOBODY, config.state)
    config.state.chmod(0o777)
    config.store.chmod(0o666)
    assert f"belongs to user 0, and you are user {NOBODY}" in as_user(NOBODY, config.state)


@needs_root
def test_a_store_of_another_user_within_our_folder_is_refused(tmp_path: Path) -> None:
    config = Settings(state=tmp_path / "state")
    app.journal(config)
    os.chown(config.store, NOBODY, NOBODY)
    with pytest.raises(StoreError, match=f"store.db belongs to user {NOBODY}"):
        app.journal(config)


@needs_root
def test_planted_bug_without_looking_root_writes_into_it(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert as_user(NOBODY, shared / "theirs") == "read 0"
    monkeypatch.setattr(sqlite, "refuse_foreign", lambda place: None)
    assert app.journal(Settings(state=shared / "theirs")).append(C, [note("a")]) == 1


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_whatever_the_umask_nobody_else_enters_or_reads(tmp_path: Path, umask: int) -> None:
    config = Settings(state=tmp_path / "deep" / "state")
    before = os.umask(umask)
    try:
        app.journal(config).append(C, [note("a")])
    finally:
        os.umask(before)
    assert stat.S_IMODE(config.state.stat().st_mode) == 0o700
    for file in config.state.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o177 == 0, file
