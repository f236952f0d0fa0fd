"""Is there anything to do? Decided before anything heavy is imported: standard library only, in a few milliseconds.

    python -P -m rea.gate STATE CAMPAIGN     something happened: a job ended, a person asked
    python -P -m rea.gate STATE --due        the timer: every campaign that is owed a look

Files in ``STATE/campaigns/C/``: ``pending`` (somebody knocked), ``lock`` (held by whoever looks), ``due`` (Unix time of the
next thing due, or empty), ``STOP`` (a person's brake, which a look has to notice). A knock is never lost: it leaves
``pending`` before it tries the lock, and a holder looks at ``pending`` once more after letting go of it.
"""

import fcntl
import gc
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Self

NOW = "0"
OBJECTS = 1_000_000  # made before Python looks for garbage: a look lives a second, and what it remembers is none


class Held:
    """The lock of one campaign, held by this process and gone with it however it ends."""

    def __init__(self, directory: Path, handle: int) -> None:
        self.directory = directory
        self._handle = handle

    def release(self) -> None:
        """Let go; repeating is harmless."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def place(state: Path, campaign: str) -> Path:
    """Return the directory of a campaign."""
    return state / "campaigns" / campaign


def knock(directory: Path) -> Held | None:
    """Leave word that a look is wanted and return the lock; None if another process holds it: that one will look again."""
    (directory / "pending").touch()
    return try_lock(directory)


def try_lock(directory: Path) -> Held | None:
    """Return the lock of the campaign in ``directory``, or None if another process holds it."""
    handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return Held(directory, handle)


def begin_look(directory: Path) -> None:
    """Take the knock away, but only once a look is due: were this process killed now, the timer would find it owed."""
    _replace(directory / "due", NOW)
    os.utime(directory / "lock")
    (directory / "pending").unlink(missing_ok=True)


def end_look(directory: Path, next_at: float | None) -> None:
    """Note when to look again; None: only when somebody knocks."""
    _replace(directory / "due", "" if next_at is None else repr(next_at))


def pending(directory: Path) -> bool:
    """Whether somebody knocked since the last look began."""
    return (directory / "pending").exists()


def owed(directory: Path, now: float) -> bool:
    """Whether a look is wanted: somebody knocked, its time has come, or a person put a STOP there since the last one."""
    return pending(directory) or not _due(directory) > now or _stopped_since(directory)


def main(argv: list[str]) -> int:
    """Run one wake and return the exit status; 2 where ``argv`` cannot be understood, 21 where our files cannot be read or written."""
    if len(argv) != 2 or not place(Path(argv[0]), "").is_dir():
        print("usage: python -P -m rea.gate STATE CAMPAIGN | --due", file=sys.stderr)
        return 2
    state, word = Path(argv[0]), argv[1]
    if word != "--due" and not place(state, word).is_dir():
        print(f"rea: no campaign {word} in {state}", file=sys.stderr)
        return 2
    try:
        if word == "--due":
            return _wake_all(state, time.time())
        _wake(state, word)
    except OSError as error:
        print(f"rea: {error}; nothing is lost, the timer tries again", file=sys.stderr)
        return 21
    return 0


def _wake(state: Path, campaign: str) -> None:
    held = knock(place(state, campaign))
    if held is None:
        return
    gc.set_threshold(OBJECTS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that are never asked anything take long to begin
    with held:
        waker, app = (
            import_module("rea.campaign.waker"),
            import_module("rea.app"),
        )  # by name: nobody above is known here
        waker.run(state, campaign, partial(app.wake, state, campaign), partial(app.record_crash, state, campaign), held)


def _wake_all(state: Path, now: float) -> int:
    """Give each campaign that is owed a look a process of its own, so that none suffers from another's failure."""
    (state / "timer").touch()  # when the timer last ran, for `rea doctor`
    argv = (sys.executable, "-P", "-m", "rea.gate", str(state))
    ends = [os.spawnv(os.P_WAIT, argv[0], (*argv, name)) for name in _owed_campaigns(state, now)]  # noqa: S606 no shell
    return 1 if any(ends) else 0


def _owed_campaigns(state: Path, now: float) -> Iterator[str]:
    for directory in sorted(place(state, "").iterdir()):
        if directory.is_dir() and owed(directory, now):
            yield directory.name


def _due(directory: Path) -> float:
    try:
        text = (directory / "due").read_text().strip()
        return float(text) if text else float("inf")
    except FileNotFoundError:
        return float("inf")
    except ValueError:  # better one look too many than never
        return 0.0


def _stopped_since(directory: Path) -> bool:
    """Whether a STOP was put there after the last look began, which has set the lock's time."""
    try:
        stopped = (directory / "STOP").stat().st_mtime_ns
        return stopped >= (directory / "lock").stat().st_mtime_ns
    except FileNotFoundError as missing:
        return str(missing.filename).endswith("lock")


def _replace(path: Path, text: str) -> None:
    half = path.with_name(path.name + ".half")
    half.write_text(text)
    half.replace(path)


def leave(status: int) -> NoReturn:
    """End the process, and look for no garbage on the way out: that takes a fifth of a look."""
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
