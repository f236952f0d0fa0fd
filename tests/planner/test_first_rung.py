"""A cheap fidelity is used only where it tells more for its price than a full run; that is measured, not assumed."""

from dataclasses import replace

import pytest

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.ledger import Ledger
from rea.domain.plan import Policy
from rea.planner.cost import first_rung
from rea.testing.simulation import Truth, World


@pytest.fixture(scope="module")
def calibrated() -> Campaign:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.0}), budget_s=2400.0, policy=Policy(seed=7, calibration_seeds=2))
    return w.run()


def noisy(c: Campaign, third: float, share: float = 0.33) -> Campaign:
    """Return the campaign with this much seed noise at the cheap fidelity, at this share of a full run's price; 1 % at full."""
    assert c.noise is not None
    sd, cost = (("third", third), ("full", 0.01)), (("third", round(60_000 * share)), ("full", 60_000))
    noise = replace(c.noise, seed_sd=sd, cost_ms=cost)
    return replace(c, noise=noise, ledger=Ledger(), budget_ms=6_000_000)


@pytest.mark.parametrize(
    ("third", "share", "rung"),
    [
        (0.010, 0.33, "third"),  # as noisy, for a third of the price
        (0.020, 0.33, "third"),  # hardly dearer than it looks, and the estimate is rough
        (0.050, 0.33, "full"),  # eight times as dear for what it tells
        (0.015, 0.95, "full"),
        (0.001, 0.95, "third"),
    ],
)
def test_what_a_rung_tells_for_its_price_decides(calibrated: Campaign, third: float, share: float, rung: str) -> None:
    assert first_rung(noisy(calibrated, third, share)).name == rung


def test_validation_begins_at_the_full_run_where_the_rung_is_not_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def begins_at(clearly: float) -> set[str]:
        monkeypatch.setattr("rea.planner.cost.CLEARLY", clearly)
        w = World(
            truth=Truth(effects={"a": 0.02, "b": 0.0}), budget_s=2400.0, policy=Policy(seed=7, calibration_seeds=2)
        )
        c = w.run()
        record = c.phase(1, Phase.VALIDATION)
        assert record is not None
        return {c.experiments[e].fidelity for e in record.experiments}

    assert "third" in begins_at(2.0)
    assert begins_at(0.0) == {"full"}
