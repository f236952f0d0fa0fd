"""A wake on a shared store holds the campaign's lease, and lets go of it however it ends."""

from pathlib import Path

import pytest

from rea import app
from rea.domain.errors import CampaignBusy
from rea.domain.ids import CampaignId
from rea.settings import Settings

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


def test_a_store_of_one_machine_needs_no_lease(tmp_path: Path) -> None:
    with app.leased(Settings(state=tmp_path), C) as lease:
        assert lease is None
