"""A state folder that is a link, was emptied, is gone or may not be written: a clear word each, and nothing half written."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rea import app, gate
from rea.domain.errors import StoreError
from rea.domain.ids import CampaignId
from rea.settings import Settings
from rea.testing.conformance_journal import note

C = CampaignId("c1")


def begun(state: Path) -> Settings:
    """Return a state with one campaign that was looked at."""
    config = Settings(state=state)
    app.journal(config).append(C, [note("a")])
    config.campaign(C).mkdir(parents=True)
    with gate.Held(config.campaign(C), -1):
        (config.campaign(C) / "lock").touch()
    return config


def test_a_linked_folder_is_the_folder(tmp_path: Path) -> None:
    real = begun(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    linked = Settings(state=tmp_path / "link")
    app.journal(linked).append(C, [note("b")])
    assert len(app.journal(real).read(C)) == 2


def test_a_store_that_was_emptied_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    config = begun(tmp_path)
    config.store.write_bytes(b"")
    with pytest.raises(StoreError, match="is empty, and there are campaigns"):
        app.journal(config)
    assert config.store.stat().st_size == 0, "nothing was written into it"


def test_planted_bug_without_looking_the_campaigns_are_silently_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = begun(tmp_path)
    config.store.write_bytes(b"")
    monkeypatch.setattr(app, "_refuse_emptied", lambda config: None)
    assert app.journal(config).campaigns() == ()


def test_a_store_whose_making_was_cut_short_is_made(tmp_path: Path) -> None:
    Settings(state=tmp_path).store.touch()
    assert app.journal(Settings(state=tmp_path)).append(C, [note("a")]) == 1


def test_a_folder_that_goes_away_under_us_is_told(tmp_path: Path) -> None:
    config = begun(tmp_path / "state")
    journal = app.journal(config)
    shutil.rmtree(config.state)
    with pytest.raises(StoreError):
        journal.append(C, [note("b")])


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Settings]:
    config = begun(tmp_path / "state")
    for words in (["--bind", str(config.state), str(config.state)], ["-o", "remount,bind,ro", str(config.state)]):
        done = subprocess.run(["mount", *words], capture_output=True)
        if done.returncode:
            pytest.skip(f"nothing can be mounted read-only here: {done.stderr.decode().strip()}")
    yield config
    subprocess.run(["umount", config.state], check=True)


def test_a_file_system_that_may_only_be_read_is_told_and_still_read(read_only: Settings) -> None:
    with pytest.raises(StoreError, match=r"read-only|Read-only|cannot be opened"):
        app.journal(read_only).append(C, [note("b")])
    assert gate.main([str(read_only.state), C]) == 21
