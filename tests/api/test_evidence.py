"""Evidence from outside is kept with its provenance, and changes no verdict, prior or finding."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from rea.api import evidence
from rea.campaign.evolve import replay
from rea.cli.main import rea
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import Event
from rea.domain.hypothesis import Effect
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight
from rea.domain.outside import Outside
from rea.report.facts import facts_of
from rea.settings import Settings
from rea.store.aside import Aside
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

TRUTH = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})


@dataclass(frozen=True)
class Kept:
    """A finished campaign in a real store, with what was learnt from it."""

    config: Settings
    database: Database

    @property
    def campaign(self) -> Campaign:
        return replay(r.event for r in SqlJournal(self.database).read(CAMPAIGN))

    def concluded(self) -> object:
        """Everything that was concluded: events, findings, the proposal, insights, priors, and the report's facts."""
        recorded, known = SqlJournal(self.database).read(CAMPAIGN), SqlInsights(self.database)
        c = self.campaign
        priors = [known.prior(h.moves, c.setting) for h in c.hypotheses.values()]
        return [*recorded], c.findings, c.proposal, [*known.all()], priors, facts_of(c, recorded)


@cache
def finished() -> tuple[tuple[Event, ...], tuple[Insight, ...]]:
    w = World(truth=TRUTH)
    w.run()
    return tuple(r.event for r in w.journal.read(CAMPAIGN)), tuple(w.kept.values())


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    state = tmp_path / "state"
    state.mkdir()
    events, learnt = finished()
    database = Database(state / "store.db")
    SqlJournal(database).append(CAMPAIGN, events)
    SqlInsights(database).add(learnt)
    return Kept(Settings(state=state), database)


def row(subject: str, **words: object) -> dict[str, object]:
    told = {
        "subject": subject,
        "kind": "ab_test",
        "metric": "ctr",
        "effect": -0.4,
        "low": -0.5,
        "high": -0.3,
        "source": "EXP-17",
    }
    return told | words


def written(path: Path, *rows: dict[str, object]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
        return path
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


def opposite(kept: Kept, path: Path) -> Path:
    """Say of everything in a campaign that it is ruinous."""
    c = kept.campaign
    return written(path, *(row(x) for x in ("proposal", *c.hypotheses, *c.experiments)))


def changes_nothing(kept: Kept, path: Path) -> None:
    before = kept.concluded()
    new, all_ = evidence.add(kept.config, kept.campaign, opposite(kept, path), "ann")
    assert new == all_ > 10
    evidence.note(kept.config, kept.campaign, "everything we launched was ruinous", "", "ann")
    assert kept.concluded() == before, "a conclusion changed"


def test_no_verdict_prior_or_finding_changes_when_evidence_is_added(kept: Kept, tmp_path: Path) -> None:
    changes_nothing(kept, tmp_path / "e.csv")


def test_evidence_that_were_kept_as_an_insight_would_be_found_out(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add: Callable[..., tuple[str, ...]] = Aside.add

    def planted(self: Aside, kind: str, rows: list[tuple[str, str, object]]) -> tuple[str, ...]:
        learnt = finished()[1][0]
        worse = replace(learnt, change="online", measured=Effect(value=-0.4, low=-0.5, high=-0.3))
        SqlInsights(kept.database).add([worse])
        return add(self, kind, rows)

    monkeypatch.setattr(Aside, "add", planted)
    with pytest.raises(AssertionError, match="a conclusion changed"):
        changes_nothing(kept, tmp_path / "e.csv")


def test_a_campaign_that_runs_beside_evidence_ends_the_same(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    w = World(truth=TRUTH, journal=SqlJournal(Database(state / "store.db")))
    w.open()
    memory = w.memory()
    added = 0
    while not memory.now().ended:
        w.wake(memory)
        c = memory.now()
        if c.hypotheses and not added:
            path = written(tmp_path / "e.json", *(row(h) for h in c.hypotheses))
            added, _ = evidence.add(Settings(state=state), c, path, "ann")
        w.approve(memory)
        w.pass_time()
    alone = replay(finished()[0])
    assert added == len(alone.hypotheses)
    assert w.state.findings == alone.findings
    assert w.state.proposal == alone.proposal


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_what_is_kept_says_where_it_comes_from_and_is_kept_once(suffix: str, kept: Kept, tmp_path: Path) -> None:
    path = written(
        tmp_path / f"e{suffix}",
        row("proposal", units=120_000, started="2026-01-01", ended="2026-01-15", note="ramp 5 %"),
    )
    assert evidence.add(kept.config, kept.campaign, path, "ann") == (1, 1)
    assert evidence.add(kept.config, kept.campaign, path, "bob") == (0, 1)
    (found,) = evidence.of(kept.config, CAMPAIGN).results
    assert (found.by, found.source, found.units, found.started) == ("ann", "EXP-17", 120_000, "2026-01-01")
    assert len(found.file) == 64
    assert evidence.of(kept.config, CampaignId("another")) == Outside()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"effect": "nan"}, "low <= effect <= high"),
        ({"effect": 0.9}, "low <= effect <= high"),
        ({"effect": "a lot"}, "effect"),
        ({"subject": "h00000000"}, "nothing in simulated is called"),
        ({"subject": "../../x"}, "nothing in simulated is called"),
        ({"kind": "guess"}, "kind"),
        ({"source": ""}, "source is missing"),
        ({"level": 95}, "level"),
        ({"units": -3}, "units"),
        ({"efect": 1}, "unknown column 'efect'"),
        ({"note": "x" * 5_000}, "longer than"),
    ],
    ids=str,
)
def test_a_bad_row_is_named_and_nothing_is_kept(bad: dict[str, object], said: str, kept: Kept, tmp_path: Path) -> None:
    keys = {**row("proposal"), **bad}.keys()
    rows = [dict.fromkeys(keys, "") | row("proposal"), {**row("proposal"), **bad}]
    path = written(tmp_path / "e.csv", *rows)
    with pytest.raises(UsageError, match=said) as error:
        evidence.add(kept.config, kept.campaign, path, "ann")
    assert "row" in error.value.message
    assert error.value.hint
    assert evidence.of(kept.config, CAMPAIGN) == Outside()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"{", b"[]", b"[1]", b"{}", b"[" * 100_000, b'"x', b"a,b\n1"],
    ids=lambda b: repr(b[:9]),
)
@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_file_that_is_no_list_of_rows_is_refused(content: bytes, suffix: str, kept: Kept, tmp_path: Path) -> None:
    path = tmp_path / f"e{suffix}"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        evidence.add(kept.config, kept.campaign, path, "ann")
    with pytest.raises(UsageError):
        evidence.add(kept.config, kept.campaign, tmp_path / "missing.csv", "ann")


def test_people_import_list_note_and_report(kept: Kept, tmp_path: Path) -> None:
    def call(*words: str) -> str:
        done = CliRunner().invoke(rea, [*words, "--state", str(kept.config.state)], standalone_mode=False)
        assert done.exception is None, done.exception
        return done.output

    path = opposite(kept, tmp_path / "e.csv")
    assert "no verdict changes" in call("evidence", "add", str(path), "--by", "ann")
    call("note", CAMPAIGN, "mobile **traffic** was <odd>", "--by", "ann")
    shown = call("evidence")
    assert "disagrees" in shown
    assert "agree in sign in" in shown
    assert json.loads(call("evidence", "--json"))["clear"] > 0
    call("report", "--out", str(tmp_path / "report"))
    markdown, html = (tmp_path / "report" / "report.md").read_text(), (tmp_path / "report" / "report.html").read_text()
    assert "## Evidence from outside" in markdown
    assert "\\*\\*traffic\\*\\* was &lt;odd&gt;" in markdown
    assert 'id="outside"' in html
    assert "<odd>" not in html


def test_a_note_is_about_something_that_exists(kept: Kept) -> None:
    for text, subject in (("", ""), ("x" * 3_000, ""), ("fine", "h0")):
        with pytest.raises(UsageError):
            evidence.note(kept.config, kept.campaign, text, subject, "ann")
    assert asdict(evidence.of(kept.config, CAMPAIGN)) == {"results": (), "notes": ()}
