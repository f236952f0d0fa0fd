"""Each source's record, and that its predictions are believed as far as they held."""

from dataclasses import replace

import pytest
from planner.foreign import HERE, briefing

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, SourceName
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight, Standing
from rea.domain.technique import parse_move
from rea.knowledge.techniques.catalogue import load
from rea.planner.portfolio import choose
from rea.planner.priors import inform
from rea.planner.sources.research.source import ResearchSource
from rea.planner.trust import EXPLORATION, records, trust, trusted
from rea.planner.worth import trodden, worth
from rea.statistics.calibration import Calibration
from rea.testing.memory import MemoryInsights

CLAIM = Effect(value=0.01, low=0.0, high=0.02)


def told(n: int, share: float | None, source: SourceName = SourceName.RESEARCH, technique: str = "t") -> Insight:
    """An experiment that measured ``share`` of what was predicted (None: it failed), about a lever of another kind."""
    value = None if share is None else share * CLAIM.value
    return Insight(
        campaign=CampaignId(f"c{n}"),
        setting=HERE,
        moves=(parse_move("micro_batch x 2"),),
        change=f"x={n}",
        technique=technique,
        source=source,
        aim=load()[0].aim,
        verdict=Verdict.DROPPED if value is None else Verdict.SUPPORTED if value > 0.005 else Verdict.INCONCLUSIVE,
        predicted=CLAIM,
        measured=None if value is None else Effect(value=value, low=value - 0.002, high=value + 0.002),
        seeds=2,
        cost_ms=1,
        at="2026-01-01T00:00:00+00:00",
    )


def test_a_source_has_its_record() -> None:
    kept = [*(told(n, 0.2) for n in range(6)), told(6, 1.0), told(7, None), told(8, 1.0, SourceName.ENGINEER)]
    kept += [replace(told(9, 0.0), technique=EXPLORATION), replace(told(10, 1.0), standing=Standing.CLAIMED)]
    kept += [
        replace(told(11, None), untested=True),
        replace(told(12, 1.0), predicted=Effect(value=0.0, low=0.0, high=0.0)),
    ]
    found = {r.source: r for r in records(kept, {})}
    assert set(found) == {"research", "engineer", "exploration"}
    x = found["research"]
    assert (x.tried, x.supported, x.failed, x.calibration.count) == (8, 1, 1, 7)
    assert x.hit_rate[0] == 1 / 8 and x.hit_rate[1] < 1 / 8 < x.hit_rate[2]
    assert x.calibration.ratio < 0.6 < found["engineer"].calibration.ratio


def test_the_catalogue_is_held_to_what_it_claims_today_so_that_a_correction_is_not_undone() -> None:
    corrected = [replace(told(n, 0.2), predicted=trusted(CLAIM, Calibration(ratio=0.2))) for n in range(30)]
    assert trust(SourceName.RESEARCH, corrected, {"t": CLAIM}).ratio < 0.3
    assert trust(SourceName.RESEARCH, corrected, {}).ratio > 0.8


def test_who_promised_too_much_is_believed_less() -> None:
    first = next(t for t in load() if t.name == "learning_rate_x3")
    proud = [replace(told(n, 0.0, technique=t.name), predicted=t.effect) for n, t in enumerate(load() * 3)]
    memory = MemoryInsights()
    memory.add(proud)
    fresh, wary = (ResearchSource([first], m, 0.0).propose(briefing(), 3) for m in (MemoryInsights(), memory))
    assert fresh and wary and fresh[0].change == wary[0].change
    assert 0 < wary[0].predicted.value < 0.8 * fresh[0].predicted.value
    assert fresh[0].predicted == first.effect


def test_what_often_fails_is_worth_as_much_less() -> None:
    first = next(h for h in ResearchSource(load()).propose(briefing(), 30) if h.moves)
    failed = [replace(told(n, None), moves=first.moves) for n in range(4)]
    memory = MemoryInsights()
    memory.add(failed)
    risky = inform(first, memory, HERE)
    assert risky.predicted == first.predicted and risky.cost == pytest.approx(first.cost * 3)
    assert worth(risky) < 0.5 * worth(first) and "4 of 4 failed" in risky.rationale


def test_the_explored_share_is_what_was_tried_least() -> None:
    offered = list(ResearchSource(load()).propose(briefing(), 40))
    worn = [replace(h, evidence=(*h.evidence, "e1", "e2")) if n % 2 else h for n, h in enumerate(offered)]
    chosen = choose([worn], 20, 0.2, 7)
    assert len(chosen) == 20 and all(trodden(h) == 0 for h in chosen[-4:])
    assert {h.id for h in choose([offered], 20, 0.2, 7)[:16]} == {h.id for h in chosen[:16]}


def test_a_misleading_history_never_turns_a_claim() -> None:
    assert trusted(CLAIM, Calibration(ratio=-3.0, count=9)).value == pytest.approx(0.25 * CLAIM.value)
    assert trusted(CLAIM, Calibration(ratio=9.0, count=9)).value == pytest.approx(1.5 * CLAIM.value)
