"""The two files: sound, whole, self-contained, in every state a campaign can be in."""

import re
from pathlib import Path

import pytest
from report import campaigns
from report.campaigns import Page, Told, told

from rea.report import numbers as n
from rea.report import write

MOST_BYTES = 400_000
CASES = {
    "winner": campaigns.winner,
    "null": campaigns.null,
    "stopped": campaigns.stopped,
    "failing": campaigns.failing,
}


def pages(of: Told, folder: Path) -> tuple[Page, str]:
    html, markdown = write(of.campaign, of.recorded, folder)
    assert html.stat().st_size <= MOST_BYTES
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.md"]
    text = html.read_text(encoding="utf-8")
    assert not re.search(r"url\(\s*['\"]?(?!#)", text), "CSS fetches something"
    assert "@import" not in text
    page = Page(text)
    assert page.fetched == []
    assert len(page.ids) == len(set(page.ids))
    assert "Nothing was deployed" in page.text
    return page, markdown.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_sound_and_fetches_nothing(name: str, tmp_path: Path) -> None:
    page, markdown = pages(CASES[name](), tmp_path)
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert "Nothing was deployed" in markdown


@pytest.mark.parametrize("name", CASES)
def test_markdown_tables_have_as_many_cells_in_each_row(name: str, tmp_path: Path) -> None:
    _, markdown = pages(CASES[name](), tmp_path)
    tables = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE)]
    assert tables or name == "stopped"
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table}) == 1
        assert set(table[1]) <= set("|-")


def test_a_winner_is_told_with_its_interval_and_how_to_reproduce_it(tmp_path: Path) -> None:
    of = campaigns.winner()
    page, markdown = pages(of, tmp_path)
    proposal = of.campaign.proposal
    assert proposal is not None
    assert proposal.finding is not None
    change_of_ne = n.effect(n.turned(proposal.finding.effect, -1))
    assert change_of_ne.startswith("−")
    for text in (page.text, markdown):
        assert "Worth launching" in text
        assert change_of_ne.replace("\u00a0", " ") in text.replace("\u00a0", " ").replace("\\", "")
        assert of.campaign.plan_digest in text
        assert of.campaign.commit in text
    assert "a=0.5 b=0.5" in page.text


def test_without_a_winner_it_says_so_and_proposes_nothing(tmp_path: Path) -> None:
    of = campaigns.null()
    page, markdown = pages(of, tmp_path)
    assert "Nothing to launch" in page.text
    assert "Worth launching" not in page.text + markdown
    assert "As your command takes it" not in page.text


def test_a_stopped_campaign_says_who_and_why(tmp_path: Path) -> None:
    page, _ = pages(campaigns.stopped(), tmp_path)
    assert "Stopped: the cluster is needed" in page.text
    assert "an engineer" in page.text


def test_every_prefix_of_a_journal_has_a_report(tmp_path: Path) -> None:
    recorded = campaigns.winner().recorded
    lengths = {0, 1, 2, 3, 4, 5, 9, *range(12, len(recorded), 41)}
    for length in sorted(lengths):
        page, _ = pages(told(recorded[:length]), tmp_path)
        assert "not over" in page.text


def test_the_same_journal_gives_the_same_bytes(tmp_path: Path) -> None:
    of = campaigns.winner()
    first = [p.read_bytes() for p in write(of.campaign, of.recorded, tmp_path / "a")]
    assert first == [p.read_bytes() for p in write(of.campaign, of.recorded, tmp_path / "b")]


def test_a_write_that_fails_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = campaigns.winner()
    html, _ = write(of.campaign, of.recorded, tmp_path)
    before = html.read_bytes()

    def full(self: Path, text: str, encoding: str) -> int:
        with self.open("w", encoding=encoding) as file:
            file.write(text[:100])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        write(campaigns.null().campaign, campaigns.null().recorded, tmp_path)
    assert html.read_bytes() == before
