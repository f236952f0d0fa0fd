"""Hypotheses as training data: a documented schema, a stable order, and nothing that should not leave."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from api.test_evidence import TRUTH, finished
from click.testing import CliRunner
from documented import wrong

from rea.api import exporting
from rea.cli.main import rea
from rea.domain import event as e
from rea.domain.event import CampaignOpened, Event, HypothesesProposed
from rea.domain.ids import CampaignId
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN

DOCUMENT = (Path(__file__).parents[2] / "docs" / "export.md").read_text()
SECRETS = ("sk-abcdefghijklmnop", "hunter2hunter2", "AKIAABCDEFGHIJKLMNOP")
PRIVATE = ("/home/ann/secret-project", "0123456789abcdef0123456789abcdef01234567", "Ann Example")
SCHEMA = {
    "": {"schema", "campaign", "id", "context", "hypothesis", "outcome"},
    "context": {"question", "workload", "model", "data", "metric", "baseline", "detectable", "budget_s", "levers"},
    "hypothesis": {
        "source",
        "statement",
        "rationale",
        "change",
        "moves",
        "aim",
        "cost",
        "predicted",
        "falsifier",
        "technique",
        "citation",
        "evidence",
    },
    "outcome": {
        "verdict",
        "phase",
        "effect",
        "raw",
        "p_value",
        "seeds",
        "fidelity",
        "flags",
        "reason",
        "cost_s",
        "confirmation",
    },
}


def exported(state: Path, *words: str) -> list[str]:
    done = CliRunner().invoke(
        rea, ["export", "hypotheses", "--jsonl", *words, "--state", str(state)], standalone_mode=False
    )
    assert done.exception is None, done.exception
    return done.output.splitlines()


def kept(state: Path, *campaigns: tuple[str, tuple[Event, ...]]) -> Path:
    state.mkdir()
    journal = SqlJournal(Database(state / "store.db"))
    for name, events in campaigns:
        journal.append(CampaignId(name), events)
    return state


def renamed(events: tuple[Event, ...], name: str) -> tuple[Event, ...]:
    opened = events[0]
    assert isinstance(opened, CampaignOpened)
    before = next(
        i for i, x in enumerate(events) if isinstance(x, e.TestOpened)
    )  # one opening of test rows is one campaign's
    return (replace(opened, campaign=CampaignId(name)), *events[1:before])


def test_every_hypothesis_comes_with_what_became_of_it(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in exported(kept(tmp_path / "s", (CAMPAIGN, finished()[0])))]
    assert len(rows) >= len(TRUTH.effects)
    for row in rows:
        assert set(row) == SCHEMA[""]
        assert all(set(row[part]) == keys for part, keys in SCHEMA.items() if part)
    tested = [r["outcome"] for r in rows if r["outcome"]["verdict"] != "not_tested"]
    assert {o["verdict"] for o in tested} <= {"supported", "refuted", "inconclusive", "dropped"}
    assert all(o["effect"]["low"] <= o["effect"]["value"] <= o["effect"]["high"] for o in tested if o["effect"])
    assert all(o["cost_s"] > 0 and o["seeds"] > 0 for o in tested)


def test_the_documented_schema_is_the_one_that_is_written() -> None:
    missing = [key for keys in SCHEMA.values() for key in keys if f"`{key}`" not in DOCUMENT]
    assert missing == []
    assert f"`{exporting.SCHEMA}`" in DOCUMENT
    assert wrong(DOCUMENT) == []


def test_the_order_is_stable_whatever_was_recorded_first(tmp_path: Path) -> None:
    first, second = (("alpha", renamed(finished()[0], "alpha")), ("beta", renamed(finished()[0], "beta")))
    one = exported(kept(tmp_path / "one", first, second))
    other = exported(kept(tmp_path / "other", second, first))
    assert one == other == exported(tmp_path / "one")
    assert [json.loads(x)["campaign"] for x in one] == sorted(json.loads(x)["campaign"] for x in one)
    assert exported(tmp_path / "one", "-c", "beta") == [x for x in one if json.loads(x)["campaign"] == "beta"]


def told_too_much(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Put secrets and private things wherever a text can stand."""

    def edit(event: Event) -> Event:
        match event:
            case e.CampaignOpened():
                return replace(event, repository=PRIVATE[0], commit=PRIVATE[1], question=f"why? password={SECRETS[1]}")
            case e.HypothesesProposed(hypotheses=hs):
                return HypothesesProposed(
                    hypotheses=tuple(
                        replace(
                            h, statement=f"use {SECRETS[0]}", rationale=f"token: {SECRETS[1]}\nx", citation=SECRETS[2]
                        )
                        for h in hs
                    ),
                    round=event.round,
                )
            case e.PhaseClosed(findings=fs):
                return replace(event, findings=tuple(replace(f, reason=f"api_key={SECRETS[0]}") for f in fs))
            case e.ChecklistSigned(approval=a):
                return replace(event, approval=replace(a, by=PRIVATE[2]))
            case _:
                return event

    return tuple(edit(x) for x in events)


def leaks(state: Path) -> list[str]:
    text = "\n".join(exported(state))
    assert text
    return [word for word in (*SECRETS, *PRIVATE) if word in text]


def test_no_secret_path_commit_or_person_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = kept(tmp_path / "s", (CAMPAIGN, told_too_much(finished()[0])))
    assert leaks(state) == []
    monkeypatch.setattr(exporting, "line", lambda text, limit=0: text)
    assert set(leaks(state)) >= set(SECRETS), "without the filter they would leave"


def test_what_was_rejected_or_never_reached_says_so(tmp_path: Path) -> None:
    proposed = next(i for i, x in enumerate(finished()[0]) if isinstance(x, HypothesesProposed))
    events = finished()[0][: proposed + 1]
    told = events[proposed]
    assert isinstance(told, HypothesesProposed)
    rejected = e.HypothesisRejected(hypothesis=told.hypotheses[0].id, by="ann", reason="known to fail", command="x")
    rows = [json.loads(x) for x in exported(kept(tmp_path / "s", (CAMPAIGN, (*events, rejected))))]
    reasons = {r["id"]: r["outcome"]["reason"] for r in rows}
    assert reasons[told.hypotheses[0].id] == "known to fail"
    assert len(reasons) == len(told.hypotheses) > 1
    assert set(reasons.values()) == {"known to fail", "not reached"}
