"""Insights are kept once, found again, and read back as they were written."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from store.insights import HERE, NEAR, insight, move

from rea.domain.errors import IntegrityError, StoreError
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect
from rea.domain.ids import CampaignId, Digest
from rea.domain.lever import Role
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.testing.memory import MemoryInsights

GOOD = insight(0.01)
OTHER = replace(
    insight(-0.01, move(0.5, Role.DROPOUT), campaign="c2"), technique="a + dropout", verdict=Verdict.REFUTED
)


@pytest.fixture
def insights(database: Database) -> SqlInsights:
    return SqlInsights(database, now=lambda: GOOD.at)


def test_adding_again_changes_nothing(insights: SqlInsights) -> None:
    insights.add([GOOD, OTHER, GOOD])
    insights.add([replace(GOOD, reason="another")])
    insights.add([])
    assert sorted(i.id for i in insights.all()) == sorted([GOOD.id, OTHER.id])
    assert GOOD in insights.all()


def test_the_database_and_the_fake_know_the_same_prior(insights: SqlInsights) -> None:
    learnt = [GOOD, OTHER, insight(0.002, setting=NEAR), insight(None, verdict=Verdict.DROPPED, campaign="c4")]
    fake = MemoryInsights()
    for port in (insights, fake):
        port.add(learnt)
    for moves in ((move(3.0),), (move(2.0),), (move(0.1, Role.DROPOUT),), (move(1.0, Role.WARMUP),), ()):
        assert insights.prior(moves, HERE) == fake.prior(moves, HERE)
    assert insights.prior((move(3.0),), HERE) is not None
    assert insights.all() == fake.all()


def test_they_are_found_by_words_technique_verdict_and_campaign(insights: SqlInsights) -> None:
    insights.add([GOOD, OTHER])
    assert insights.find("LEARNING because") == (GOOD,)
    assert insights.find("%") == insights.find("learning dropout") == ()
    assert insights.find(technique="dropout") == insights.find(verdict=Verdict.REFUTED) == (OTHER,)
    assert insights.find(technique="drop") == ()
    assert insights.find(campaign=CampaignId("c1")) == (GOOD,)
    assert len(insights.find("ads")) == 2


def test_what_is_missing_is_told(insights: SqlInsights) -> None:
    insights.add([GOOD])
    assert insights.missing([GOOD.id, Digest("lost")]) == ("lost",)


def test_a_number_that_is_not_finite_keeps_all_of_them_out(insights: SqlInsights) -> None:
    bad = replace(OTHER, measured=Effect(value=float("nan"), low=0.0, high=0.0))
    with pytest.raises(StoreError, match=r"Insight.measured.value is nan"):
        insights.add([GOOD, bad])
    assert insights.all() == ()


def test_an_altered_insight_is_found(insights: SqlInsights, tmp_path: Path) -> None:
    insights.add([GOOD])
    connection = sqlite3.connect(tmp_path / "store.db")
    with connection:
        connection.execute("UPDATE insights SET payload = CAST(replace(payload, '0.01', '0.09') AS BLOB)")
    connection.close()
    with pytest.raises(IntegrityError, match=GOOD.id):
        insights.all()
