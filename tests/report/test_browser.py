"""A real browser opens a report full of hostile words: nothing of them runs. Each of the two walls, taken alone, holds; without both it runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report import test_hostile as hostile

from rea.report.write import write

MARK = "data-ran"
EVIL = (
    '<script>document.documentElement.dataset.ran=1</script><img src=x onerror="document.documentElement.dataset.ran=2">'
    "<svg onload=document.documentElement.dataset.ran=3> \"onfocus=document.documentElement.dataset.ran=4 autofocus x='"
    "<style>@import 'http://127.0.0.1:9/x'</style> [x](javascript:document.documentElement.dataset.ran=5) {{ 7*7 }}"
)
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not BROWSER, reason="NO BROWSER HERE: apt-get install chromium"),
]


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hostile, "EVIL", EVIL)
    return tmp_path / "out"


def written(folder: Path) -> Path:
    of = hostile.everywhere()
    folder.mkdir()
    html, _ = write(of.campaign, of.recorded, folder)
    return html


def without_policy(html: Path) -> Path:
    text, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html.read_text())
    assert count == 1
    html.write_text(text)
    return html


def opened(html: Path) -> str:
    """Return the page as the browser has it after everything in it has had two seconds to run."""
    words = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    )
    argv = (
        BROWSER,
        *words,
        f"--user-data-dir={html.parent}/browser",
        "--virtual-time-budget=2000",
        "--dump-dom",
        html.as_uri(),
    )
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert "<html" in done.stdout, done.stderr[-500:]
    return done.stdout


def ran(html: Path) -> bool:
    return MARK in opened(html).split("<head", 1)[0]


def test_nothing_of_it_runs(report: Path) -> None:
    html = written(report)
    page = opened(html)
    assert MARK not in page.split("<head", 1)[0]
    assert "dataset.ran=1" in page, "it is shown"


def test_escaping_alone_holds(report: Path) -> None:
    assert not ran(without_policy(written(report)))


def test_the_policy_alone_holds(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unescaped(monkeypatch)
    assert not ran(written(report))


def test_planted_bug_without_either_it_runs(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unescaped(monkeypatch)
    assert ran(without_policy(written(report)))


def unescaped(monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import Environment

    monkeypatch.setattr("jinja2.Environment", lambda **options: Environment(**{**options, "autoescape": False}))
