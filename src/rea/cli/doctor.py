"""doctor: what is well and what is not with this installation; every red line has a fix."""

import shutil
import site
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from rea.api import starting
from rea.cli.face import Face, command
from rea.domain.errors import ReaError
from rea.domain.plan import Check

LEAST_FREE = 2_000_000_000


@command(campaign=False)
@click.option("--install-timer", is_flag=True, help="Install the timer that wakes campaigns whose wake-up was lost.")
def doctor(face: Face, install_timer: bool) -> int:
    """Look at this installation: interpreter, store, timer, disk, tools."""
    if install_timer:
        from rea.campaign.timer import install_timer as install

        starting.prepare(face.config)
        install(face.config.state)
    checks = list(examine(face))
    lines = [
        f"  {'ok ' if c.ok else 'NO '} {c.name:<12} {c.detail}" + ("" if c.ok else f"\n       {'':<11} fix: {c.fix}")
        for c in checks
    ]
    face.say("doctor", {"checks": [asdict(c) for c in checks]}, "\n".join(lines))
    return 0 if all(c.ok or not c.blocking for c in checks) else 1


def examine(face: Face) -> Iterator[Check]:
    """Look at everything, one line each."""
    face.config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        detail=f"{sys.executable} {sys.version.split()[0]}",
        fix="use Python 3.11 or later",
    )
    yield from _store(face)
    yield from _journals(face)
    yield from _timer(face)
    yield _runbook(face)
    free = shutil.disk_usage(face.config.state).free
    yield Check(
        name="disk",
        ok=free > LEAST_FREE,
        detail=f"{free / 1e9:.1f} GB free at {face.config.state}",
        fix="free some, or move: --state",
    )
    for tool in ("git", "setsid", "flock", "sync"):
        found = shutil.which(tool)
        yield Check(name=tool, ok=bool(found), detail=found or "not found", fix=f"install {tool}")
    yield _sandbox()
    startup = [str(p) for folder in site.getsitepackages() for p in Path(folder).glob("*.pth")]
    yield Check(name="start-up", ok=True, detail=f"runs at every start: {', '.join(startup) or 'nothing'}")


def _sandbox() -> Check:
    """Start a sandbox and say what seal that makes possible: the level of each campaign stands in its checklist and report."""
    from rea.sandbox import probe

    found = probe()
    detail = (
        "bubblewrap works: labels can be enforced out of reach, patches can be tried"
        if found.works
        else f"{found.why}; labels are handed over, not enforced, results say so, and patches are refused"
    )
    return Check(name="sandbox", ok=found.works, detail=detail, fix=found.fix, blocking=False)


def _store(face: Face) -> Iterator[Check]:
    from rea import app
    from rea.store.storage import storage_report

    if face.config.shared:
        try:
            named = app.database(face.config).dialect.name
        except ReaError as error:
            yield Check(name="store", ok=False, detail=error.message, fix=error.hint)
        else:
            yield Check(name="store", ok=True, detail=f"shared: {named}")
        return
    report = storage_report(face.config.store)
    detail = f"SQLite {report.sqlite} on {report.filesystem}, journal {report.mode}: {report.reason}"
    yield Check(name="store", ok=not report.warning, detail=detail, fix=report.warning, blocking=False)


def _journals(face: Face) -> Iterator[Check]:
    """Check every event of every campaign: a wake that begins at a snapshot reads only those after it."""
    from rea import app

    if not face.config.has_store:
        return
    try:
        log = app.journal(face.config)
        lengths = [log.verify(name) for name in (*log.campaigns(), *log.portfolios())]
    except ReaError as error:
        yield Check(name="journals", ok=False, detail=error.message, fix=error.hint)
    else:
        detail = f"{sum(lengths)} events of {len(lengths)} campaigns and portfolios are what was written"
        yield Check(name="journals", ok=True, detail=detail)


def _runbook(face: Face) -> Check:
    """Read the user's own entries and try each on its own excerpts."""
    from rea.knowledge.runbook.load import load, load_own

    shipped = load()
    own, problems = load_own(face.config.runbook, shipped)
    detail = f"{len(shipped)} entries, {len(own)} of your own in {face.config.runbook}"
    if problems:
        detail += "; left out: " + "; ".join(problems)
    return Check(name="runbook", ok=not problems, detail=detail, fix="correct these files")


def _timer(face: Face) -> Iterator[Check]:
    from rea.campaign.timer import Timer, timer_installed, timer_line

    kind = timer_installed(face.config.state)
    detail = (
        f"{kind}"
        if kind is not Timer.NONE
        else "NOTHING WAKES A CAMPAIGN WHOSE WAKE-UP WAS LOST (a reboot, a killed wrapper)"
    )
    fix = f"rea doctor --install-timer, or add to crontab: {timer_line(face.config.state)}"
    yield Check(name="timer", ok=kind is not Timer.NONE, detail=detail, fix=fix, blocking=False)
