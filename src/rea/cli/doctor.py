"""doctor: what is well and what is not with this installation; every red line has a fix."""

import os
import shutil
import site
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from rea.agent.configuration import KEY_ENV, Configuration, configured, key_of
from rea.api import starting
from rea.cli.face import Face, command
from rea.domain.errors import ReaError
from rea.domain.plan import Check

LEAST_FREE = 2_000_000_000


@command(campaign=False)
@click.option("--install-timer", is_flag=True, help="Install the timer that wakes campaigns whose wake-up was lost.")
@click.option(
    "--orphans",
    is_flag=True,
    help="Look instead for jobs that run here or on a cluster and that no campaign waits for.",
)
@click.option("--rebuild", is_flag=True, help="Build the ledgers of all campaigns anew from their events.")
def doctor(face: Face, install_timer: bool, orphans: bool, rebuild: bool) -> int:
    """Look at this installation: interpreter, store, timer, disk, tools."""
    if orphans:
        return _orphans(face)
    if rebuild:
        return _rebuild(face)
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


def _orphans(face: Face) -> int:
    """Name every orphan with the command that ends it; it is a person who runs it."""
    from rea.api.orphans import look

    found = look(face.config)
    lines = [f"  {o.backend} {o.key}: {o.why} ({o.detail})\n      end it: {o.cancel}" for o in found.orphans]
    lines += [f"  not asked: {words}: what runs there is not known" for words in found.unasked]
    lines += [f"  jobs of another state folder: rea doctor --orphans --state {state}" for state in found.elsewhere]
    head = f"{len(found.orphans)} jobs that no campaign waits for, {found.known} that one does"
    face.say("orphans", asdict(found), "\n".join((head, *lines)))
    return 1 if found.orphans or found.unasked else 0


def _rebuild(face: Face) -> int:
    from rea.api import mending

    names = mending.rebuilt(face.config)
    face.say("rebuilt", {"campaigns": names}, f"the ledgers of {len(names)} campaigns are what their events add up to")
    return 0


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
    sandbox = _sandbox()
    yield sandbox
    yield _model(face, sandbox.ok)
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


def _model(face: Face, sandboxed: bool) -> Check:
    """Say which language model is configured, whether its key is there (never the key) and whether somebody listens. Nothing is asked or paid."""
    from rea.agent.connect import missing
    from rea.agent.reach import unreachable

    try:
        made = configured(face.config.state, os.environ)
        if made is None:
            return Check(name="model", ok=True, detail="none is configured, and none is needed (docs/models.md)")
        key = _whose_key(made) if key_of(made, os.environ).secret else "no key, and none is wanted"
    except ReaError as error:
        return Check(name="model", ok=False, detail=error.message, fix=error.hint, blocking=False)
    patches = "patches of words can be tried" if sandboxed else "no patch of words is tried without a sandbox"
    told = f"{made.terms}; {key}; {{}}; {patches}; campaigns ask it where they were started with --tokens"
    if why := missing(made) or unreachable(made):
        fix = "install it, start the server, or correct the configuration: campaigns go on without"
        return Check(name="model", ok=False, detail=told.format(why), fix=fix, blocking=False)
    return Check(name="model", ok=True, detail=told.format("it listens"), blocking=False)


def _whose_key(made: Configuration) -> str:
    if made.key_file:
        return f"its key lies in {made.key_file}"
    return f"its key is in {made.key_env or KEY_ENV[made.provider]}, which wakes from jobs do not see"


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
    from rea.api import mending

    if not face.config.has_store:
        return
    try:
        lengths = mending.verify(face.config)
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
