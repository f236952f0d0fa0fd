"""The choice of a backend: made once, kept with the campaign, never guessed."""

from pathlib import Path

import pytest

from rea import app
from rea.domain.errors import IntegrityError, UsageError
from rea.executor.backends.chosen import Chosen, record, recorded
from rea.executor.backends.local import LocalBackend
from rea.executor.backends.slurm import SlurmBackend
from rea.settings import settings


def test_what_was_chosen_is_what_a_later_wake_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of that wake says."""
    here = {
        "SLURM_CONF": "/shared/slurm.conf",
        "REA_SLURM_OPTIONS": "--partition=gpu",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t",
    }
    record(tmp_path, app.choose("slurm", here))
    monkeypatch.setenv("SLURM_CONF", "/another/slurm.conf")
    monkeypatch.setenv("REA_BACKEND", "local")
    backend = app.backend(tmp_path)
    assert isinstance(backend, SlurmBackend)
    assert (backend.client.conf, backend.options.words) == ("/shared/slurm.conf", ("--partition=gpu",))
    assert "s3cr3t" not in (tmp_path / "backend.json").read_text()


def test_a_campaign_from_before_there_was_a_choice_runs_here(tmp_path: Path) -> None:
    assert recorded(tmp_path) == Chosen()
    assert isinstance(app.backend(tmp_path), LocalBackend)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": 3}'])
def test_a_damaged_record_is_no_reason_to_guess(tmp_path: Path, text: str) -> None:
    (tmp_path / "backend.json").write_text(text)
    with pytest.raises(IntegrityError, match="cannot be read"):
        app.backend(tmp_path)


def test_what_cannot_be_used_is_refused_when_it_is_chosen() -> None:
    with pytest.raises(UsageError) as refused:
        app.choose("slrum", {})
    assert "slurm" in refused.value.hint
    with pytest.raises(UsageError, match="--time"):
        app.choose("slurm", {"REA_SLURM_OPTIONS": "--time=5"})


def test_the_environment_names_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REA_BACKEND", raising=False)
    assert settings(tmp_path).backend == "local"
    monkeypatch.setenv("REA_BACKEND", "slurm")
    assert settings(tmp_path).backend == "slurm"


@pytest.mark.parametrize("name", app.BACKENDS)
def test_every_backend_can_be_made(name: str, tmp_path: Path) -> None:
    record(tmp_path, app.choose(name, {}))
    assert app.backend(tmp_path, ("wake",)).poll([]) == {}
