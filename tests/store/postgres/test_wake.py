"""A wake on a shared store holds the campaign's lease, and lets go of it however it ends."""

from pathlib import Path

import pytest

from rea import app
from rea.domain.errors import CampaignBusy, UsageError
from rea.domain.ids import CampaignId, JobId
from rea.executor.backends.local import LocalBackend
from rea.settings import Settings, settings
from rea.store import leases
from rea.testing.conformance_journal import note

C = CampaignId("c1")


def test_one_machine_at_a_time_advances_a_campaign(url: str, tmp_path: Path) -> None:
    here, there = (Settings(state=tmp_path / name, shared=url) for name in ("here", "there"))
    with pytest.raises(ZeroDivisionError), app.leased(here, C) as lease:
        assert lease is not None
        fence = lease.fence
        with pytest.raises(CampaignBusy), app.leased(there, C):
            pass
        raise ZeroDivisionError
    with app.leased(there, C) as next_lease:
        assert next_lease is not None and next_lease.fence > fence


def test_a_later_call_without_the_variable_finds_the_same_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REA_STORE", url)
    app.journal(settings(tmp_path)).append(C, [note("a")])
    monkeypatch.delenv("REA_STORE")
    assert len(app.journal(settings(tmp_path)).read(C)) == 1
    assert not settings(tmp_path).store.exists()
    monkeypatch.setenv("REA_STORE", f"{url}&application_name=other")
    with pytest.raises(UsageError, match="are kept in"):
        app.journal(settings(tmp_path))


def test_a_url_with_a_secret_is_written_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REA_STORE", "postgresql://rea@localhost/x?password=canary")
    with pytest.raises(UsageError):
        app.journal(settings(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_campaigns_of_this_machine_are_not_left_behind_for_a_shared_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.journal(settings(tmp_path)).append(C, [note("a")])
    monkeypatch.setenv("REA_STORE", url)
    with pytest.raises(UsageError, match=r"store\.db"):
        app.journal(settings(tmp_path))


def test_a_store_of_one_machine_needs_no_lease(tmp_path: Path) -> None:
    with app.leased(Settings(state=tmp_path), C) as lease:
        assert lease is None


def test_where_several_machines_may_act_every_act_is_fenced(url: str, tmp_path: Path) -> None:
    config = Settings(state=tmp_path, shared=url)
    jobs = LocalBackend(root=tmp_path)
    with app.leased(config, C) as lease:
        assert lease is not None
        fenced = app._fenced(app.database(config), jobs, lease)
        fenced.cancel(JobId("nothing"))
        leases.release(app.database(config), lease)
        with pytest.raises(CampaignBusy):
            fenced.cancel(JobId("nothing"))
    assert app._fenced(app.database(config), jobs, None) is jobs
