"""Nothing that came from a log, a workload or a hypothesis acts in the page, and no known kind of secret is in it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from report import campaigns
from report.campaigns import Told, edited
from report.test_write import pages

from rea.domain.change import Change
from rea.domain.event import CampaignOpened, Event, HypothesesProposed, JobTreated
from rea.domain.hypothesis import Hypothesis
from rea.report import foreign, page

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> | `code` \x1b[31mred\x1b[0m \u202egnp $\\frac{ [x](javascript:alert(3)) {{ 7*7 }}"
SECRETS = [
    "api_key=sk-abcdefgh12345678",
    'password: "hunter2 and more"',
    "Authorization: Bearer abcdefghijklmnop",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG",
    "pushed to https://bob:hunter2pass@git.example/x",
    "using ghp_abcdefghijklmnopqrstuvwxyz0123",
    '{"hf_token": "hf_abcdefghijklmnopqrst"}',
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----",
]
LEAKS = ["sk-abcdefgh", "hunter2", "abcdefghijklmnop", "wJalrXUt", "ghp_abc", "hf_abc", "MIIEabc"]


def hostile(h: Hypothesis) -> Hypothesis:
    change = Change(overrides=tuple((f"{name}{EVIL}", f"{v}{EVIL}") for name, v in h.change.overrides))
    return replace(h, statement=EVIL, citation=f"{EVIL} https://example.org/paper", rationale=EVIL, change=change)


def poisoned(event: Event) -> Event:
    if isinstance(event, CampaignOpened):
        return replace(event, question=EVIL, repository=EVIL, workload=replace(event.workload, name=EVIL))
    if isinstance(event, HypothesesProposed):
        return replace(event, hypotheses=tuple(hostile(h) for h in event.hypotheses))
    if isinstance(event, JobTreated):
        return replace(event, treatment=replace(event.treatment, entry=EVIL, reason=EVIL))
    return event


def everywhere() -> Told:
    """A campaign whose words are hostile wherever words come from outside, and whose changes are too."""
    of = edited(campaigns.failing(log=EVIL, reason=EVIL), poisoned)
    c = of.campaign
    for name, e in c.experiments.items():
        evil = tuple((f"{key}{EVIL}", v) for key, v in e.change.overrides)
        c.experiments[name] = replace(e, change=Change(overrides=evil))
    return of


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    shown, markdown = pages(everywhere(), tmp_path)
    assert "<script>alert(1)</script>" in shown.text, "it is shown as text"
    assert {link for link in shown.links if not link.startswith("#")} == {"https://example.org/paper"}
    for text in (shown.text, markdown):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "49" not in text.split("How to reproduce")[0].split("7*7")[1][:6], "no template runs what it is given"
    assert "<script" not in markdown.split("How to reproduce")[0]
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", markdown.replace("\\`", ""), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)\]\(javascript", prose)


def test_without_escaping_the_page_would_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import Environment

    monkeypatch.setattr("jinja2.Environment", lambda **options: Environment(**{**options, "autoescape": False}))
    with pytest.raises(AssertionError):
        pages(everywhere(), tmp_path)


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_left_out(secret: str) -> None:
    for text in (foreign.excerpt(f"before\n{secret}\nafter"), foreign.line(f"before {secret} after")):
        assert [leak for leak in LEAKS if leak in text] == []
        assert foreign.REDACTED in text
        assert "before" in text


def test_no_secret_of_a_log_is_in_either_file(tmp_path: Path) -> None:
    of = campaigns.failing(log="\n".join(SECRETS), reason=SECRETS[0])
    shown, markdown = pages(of, tmp_path)
    assert [leak for leak in LEAKS if leak in shown.text + markdown] == []


def test_without_redaction_the_log_would_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "redacted", lambda text: text)
    shown, _ = pages(campaigns.failing(log="\n".join(SECRETS), reason=SECRETS[0]), tmp_path)
    assert "hunter2" in shown.text


def test_huge_texts_and_many_failures_keep_the_page_small(tmp_path: Path) -> None:
    of = campaigns.failing(log="x" * 300_000 + "\n" + "y\n" * 20_000, reason="z" * 100_000)
    record = next(r for r in of.campaign.jobs.values() if r.status and r.status.log_tail)
    jobs = {replace(record.job, index=i).replicate.key: record for i in range(60)}
    of.campaign.jobs.update(jobs)  # type: ignore[arg-type]
    shown, _ = pages(of, tmp_path)
    assert "more are not shown" in shown.text
    for key in jobs:
        del of.campaign.jobs[key]  # type: ignore[arg-type]


def test_an_excerpt_is_the_end_of_the_log() -> None:
    assert foreign.excerpt("\n".join(f"line {i}" for i in range(100)), lines=2) == "line 98\nline 99"
    assert foreign.excerpt("") == ""
    assert foreign.excerpt("a\r\nb\x1b[1mc\x07") == "a\nbc"


def test_markdown_is_spoken_not_obeyed() -> None:
    assert page.md("a|b <i> [x](y) *z*\nnext") == "a\\|b &lt;i&gt; \\[x\\](y) \\*z\\* next"
    assert page.code("a`b|c") == "`a'b\\|c`"
    assert "```" not in page.fence("```\n# out")
