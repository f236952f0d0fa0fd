"""The backstop: a wake script that outlives upgrades, and the timer that calls it when no event does."""

import hashlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

EVERY_MINUTES = 2

_SCRIPT = """#!/bin/sh
# Wakes campaigns; called by ended jobs and by the timer. Written anew by `rea start` and `rea doctor`.
cd / || exit 1
exec /usr/bin/env -i {variables} {python} -P -m rea.gate {state} "$@" </dev/null >>{log} 2>&1
"""

# KillMode: the jobs that a wake launched are to live on when the wake has ended.
_SERVICE = """[Unit]
Description=Wake ranking engineer campaigns

[Service]
Type=oneshot
KillMode=process
ExecStart={wake} --due
"""

_TIMER = """[Unit]
Description=Wake ranking engineer campaigns

[Timer]
OnBootSec=1min
OnUnitActiveSec={minutes}min

[Install]
WantedBy=timers.target
"""


class Timer(StrEnum):
    """What calls the wake regularly."""

    CRON = "cron"
    SYSTEMD = "systemd"
    NONE = "none"


def wake_script(state: Path) -> Path:
    """Return where the wake script lies: what jobs and the timer call, the same for as long as ``state`` exists."""
    return state / "bin" / "wake"


def write_wake_script(state: Path, environment: Mapping[str, str], python: str = sys.executable) -> Path:
    """Write the wake script for this interpreter, with ``environment`` as its whole environment, and return its path."""
    script = wake_script(state)
    script.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = script.with_name("wake.half")
    half.touch(mode=0o700)
    half.chmod(0o700)
    half.write_text(
        _SCRIPT.format(
            variables=shlex.join(f"{name}={value}" for name, value in sorted(environment.items())),
            python=shlex.quote(python),
            state=shlex.quote(str(state)),
            log=shlex.quote(str(state / "wake.log")),
        )
    )
    half.replace(script)
    return script


def timer_line(state: Path) -> str:
    """Return the crontab line that wakes whatever is due; cron reads ``%`` as a line's end, so it is escaped."""
    command = shlex.quote(str(wake_script(state))).replace("%", "\\%")
    return f"*/{EVERY_MINUTES} * * * * {command} --due"


def timer_installed(state: Path) -> Timer:
    """Return which timer calls this state's wake script."""
    if timer_line(state) in _crontab().splitlines():
        return Timer.CRON
    if _systemctl("is-enabled", f"{_unit(state)}.timer"):
        return Timer.SYSTEMD
    return Timer.NONE


def timer_last_ran(state: Path) -> float | None:
    """Return when the timer last called (Unix seconds), None if it never did: a line in a crontab is no running cron."""
    try:
        return (state / "timer").stat().st_mtime
    except FileNotFoundError:
        return None


def install_timer(state: Path, units: Path | None = None) -> Timer:
    """Install the timer with cron, else as a systemd user timer; NONE where this machine has neither. Repeating is safe."""
    found = timer_installed(state)
    if found is not Timer.NONE:
        return found
    if _add_to_crontab(timer_line(state)):
        return Timer.CRON
    return Timer.SYSTEMD if _add_unit(state, units or Path.home() / ".config/systemd/user") else Timer.NONE


def remove_timer(state: Path) -> None:
    """Take the timer of this state away again, whichever it is; other lines and units are left alone."""
    lines = _crontab().splitlines()
    kept = [line for line in lines if line != timer_line(state)]
    if kept != lines:
        _write_crontab("".join(f"{line}\n" for line in kept))
    _systemctl("disable", "--now", f"{_unit(state)}.timer")


def _add_to_crontab(line: str) -> bool:
    before = _crontab()
    return _write_crontab(before + ("\n" if before and not before.endswith("\n") else "") + line + "\n")


def _crontab() -> str:
    if shutil.which("crontab") is None:
        return ""
    listed = subprocess.run(("crontab", "-l"), capture_output=True, text=True, check=False)
    return listed.stdout if listed.returncode == 0 else ""


def _write_crontab(text: str) -> bool:
    if shutil.which("crontab") is None:
        return False
    return subprocess.run(("crontab", "-"), input=text, capture_output=True, text=True, check=False).returncode == 0


def _add_unit(state: Path, units: Path) -> bool:
    if not _systemctl("show-environment"):
        return False
    units.mkdir(parents=True, exist_ok=True)
    wake = shlex.quote(str(wake_script(state))).replace("%", "%%")
    (units / f"{_unit(state)}.service").write_text(_SERVICE.format(wake=wake))
    (units / f"{_unit(state)}.timer").write_text(_TIMER.format(minutes=EVERY_MINUTES))
    return _systemctl("daemon-reload") and _systemctl("enable", "--now", f"{_unit(state)}.timer")


def _unit(state: Path) -> str:
    return f"rea-{hashlib.sha256(str(state).encode()).hexdigest()[:8]}"


def _systemctl(*words: str) -> bool:
    if shutil.which("systemctl") is None:
        return False
    return subprocess.run(("systemctl", "--user", *words), capture_output=True, check=False).returncode == 0
