"""Where things are kept and how people are told: from the environment, with defaults that need nothing."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

STORE = "store.url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``state`` holds the store and the campaigns; ``notify`` is a command that is given a kind and a text as its last two arguments."""

    state: Path
    notify: tuple[str, ...] = ()
    slots: int = 1
    shared: str = ""  # URL of a store that several machines use, "" for a file under ``state``
    backend: str = "local"  # of campaigns that are started from now on
    own_runbook: Path | None = None  # a folder of entries beside the shipped ones; None: ``runbook`` under ``state``
    sandbox: str = ""  # of the same: auto, off or required; "" for what workload.toml says

    @property
    def store(self) -> Path:
        """The file of a store that is not shared."""
        return self.state / "store.db"

    @property
    def has_store(self) -> bool:
        """Whether there may be campaigns."""
        return bool(self.shared) or self.store.exists()

    @property
    def kept(self) -> Path:
        """Where the URL of a shared store is kept, so that no later call takes another for it."""
        return self.state / STORE

    @property
    def wake(self) -> Path:
        """The script that jobs and the timer call: it stays where it is when an environment is upgraded."""
        return self.state / "bin" / "wake"

    @property
    def runbook(self) -> Path:
        """The folder of a user's own runbook entries, which need not be there."""
        return self.own_runbook or self.state / "runbook"

    def campaign(self, name: str) -> Path:
        return self.state / "campaigns" / name


def settings(state: Path | None = None) -> Settings:
    """Return the settings in force: ``REA_STATE``, ``REA_NOTIFY``, ``REA_SLOTS``, ``REA_BACKEND``, ``REA_RUNBOOK`` and ``REA_SANDBOX`` win over
    the defaults."""
    own = os.environ.get("REA_RUNBOOK")
    return Settings(
        own_runbook=Path(own).absolute() if own else None,
        state=(state or _state()).absolute(),
        notify=tuple(shlex.split(os.environ.get("REA_NOTIFY", ""))),
        shared=os.environ.get("REA_STORE", "") or _kept(state or _state()),
        slots=int(os.environ.get("REA_SLOTS", 0)) or max(1, len(os.sched_getaffinity(0))),
        backend=os.environ.get("REA_BACKEND") or "local",
        sandbox=os.environ.get("REA_SANDBOX", ""),
    )


def _kept(state: Path) -> str:
    try:
        return (state / STORE).read_text().strip()
    except FileNotFoundError:
        return ""


def _state() -> Path:
    if named := os.environ.get("REA_STATE"):
        return Path(named)
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "rea"
