"""An idea that shared a run with one that did much harm is not written off with it."""

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import change
from rea.domain.experiment import Phase
from rea.planner import screening
from rea.planner.belief import Seen
from rea.planner.screening import belief
from rea.testing.simulation import Truth, World

LEVERS = {f"l{i}": -0.002 for i in range(15)} | {"bad": -0.4}


@pytest.fixture(scope="module")
def screened() -> Campaign:
    """The campaign when its shared runs have ended, of which ``bad`` spoilt one."""
    made = World(truth=Truth(effects=LEVERS, seed_sd=0.004), budget_s=4500.0)
    made.open()
    memory = made.memory()
    while not ((found := memory.now().phase(1, Phase.VALIDATION)) and found.ended):
        made.wake(memory)
        made.approve(memory)
        made.pass_time()
    return memory.now()


def blamed(c: Campaign) -> tuple[float, float, float]:
    """Return what is believed of the mates of ``bad``: the lowest mean, that of all other levers, and the harm that their run showed."""
    now = belief(c)
    assert now is not None
    spoilt = next(s for s in now.design.seen if "bad" in dict(s.change.overrides))
    mates = set(dict(spoilt.change.overrides)) - {"bad"}
    assert len(mates) == 2, "hypotheses did not share runs"
    means = {name: float(now.of([change(**{name: 1.0})])[0][0]) for name in LEVERS if name != "bad"}
    others = [mean for name, mean in means.items() if name not in mates]
    return min(means[name] for name in mates), sum(others) / len(others), spoilt.effect


def test_the_mates_of_what_did_harm_are_hardly_blamed(screened: Campaign) -> None:
    mates, others, harm = blamed(screened)
    assert others - mates < -harm / 10


def test_planted_bug_all_that_shared_the_run_are_blamed_alike(
    screened: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_seen", lambda x, effect, error, floor, well: Seen(x, max(floor, effect), error))
    mates, others, harm = blamed(screened)
    assert others - mates > -harm / 10


def test_what_did_harm_beside_settings_that_run_well_is_blamed(screened: Campaign) -> None:
    alone, beside = change(bad=1.0), change(bad=1.0, l1=1.0, l2=1.0)
    well = set(change(l1=1.0, l2=1.0).overrides)
    assert screening._seen(beside, -0.4, 0.004, -0.02, well) == Seen(beside, -0.02, 0.004)
    assert screening._seen(alone, -0.4, 0.004, -0.02, well) == Seen(alone, -0.02, 0.004)
