"""Jobs that run and that no campaign waits for: their store was deleted, their campaign ended, or they were begun twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import join

from rea import app
from rea.app.strays import strays
from rea.executor.backends.stray import Stray, key_of
from rea.executor.jobs import live
from rea.settings import STORE, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """One job that is alive, why nobody waits for it, and the command that ends it: for a person to run, after a look."""

    backend: str
    key: str
    detail: str
    directory: str  # "": not known
    why: str
    cancel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """``elsewhere``: other state folders with a store, which know whose their jobs are. ``unasked``: who could not be asked, in words."""

    orphans: tuple[Orphan, ...]
    known: int
    elsewhere: tuple[str, ...]
    unasked: tuple[str, ...]


def look(config: Settings) -> Orphans:
    """Compare what runs under our name with what the journals wait for. Nothing is ended here.

    Raises:
        StoreError, IntegrityError: the journals cannot be read, so nobody can say which jobs they know.
    """
    found, unasked = strays(config)  # first: what is reserved and launched after this is not seen, so it is no orphan
    waited_for, over = _journals(config)
    orphans: list[Orphan] = []
    elsewhere: set[str] = set()
    known = 0
    for stray in found:
        if _among(stray, waited_for):
            known += 1
        elif (state := _other_state(stray.directory, config.state)) is not None:
            elsewhere.add(str(state))
        else:
            orphans.append(
                _orphan(stray, "its campaign waits for it no more" if _among(stray, over) else _strange(stray))
            )
    return Orphans(orphans=tuple(orphans), known=known, elsewhere=tuple(sorted(elsewhere)), unasked=unasked)


def _journals(config: Settings) -> tuple[frozenset[str], frozenset[str]]:
    """Return what the jobs are called that a campaign waits for, and those that it waits for no more."""
    waited_for: set[str] = set()
    over: set[str] = set()
    for name in app.journal(config).campaigns() if config.has_store else ():
        c, jobs = app.recall_of(config, name).now(), config.campaign(name) / "jobs"
        awaited = set() if c.ended else set(live(c))
        for job in c.jobs:
            (waited_for if job in awaited else over).update(_names(jobs / job))
    return frozenset(waited_for), frozenset(over)


def _names(directory: Path) -> Iterator[str]:
    """Yield what a job is found under: on this machine its directory as the kernel names it, on a cluster its key."""
    yield str(directory.resolve())
    yield key_of(directory)
    yield key_of(directory.resolve())


def _among(stray: Stray, names: frozenset[str]) -> bool:
    return stray.key in names or (stray.directory is not None and str(stray.directory.resolve()) in names)


def _other_state(directory: Path | None, own: Path) -> Path | None:
    """Return the state folder that a job lies in, where it is another than ``own`` and still has its store."""
    if directory is None or directory.parts[-4:-3] != ("campaigns",):
        return None
    state = directory.parents[3]
    there = any((state / name).exists() for name in ("store.db", STORE))
    return state if there and state.resolve() != own.resolve() else None


def _strange(stray: Stray) -> str:
    """Say so of a smoke run: no journal has it, and for a minute or so a person may be waiting for it."""
    smoke = stray.key.rpartition("-")[2].startswith("smoke.")
    return "no campaign knows it" + ("; a check that is under way may wait for it" if smoke else "")


def _orphan(stray: Stray, why: str) -> Orphan:
    return Orphan(
        backend=stray.backend,
        key=stray.key,
        detail=stray.detail,
        directory=str(stray.directory or ""),
        why=why,
        cancel=join(stray.cancel),
    )
