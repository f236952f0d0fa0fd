"""Git, run so that nothing of a user's or a repository's configuration can make it run something else."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rea.domain.errors import WorkloadError

_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "safe.directory=*"),
    *("-c", "gc.auto=0"),
)
_QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
}


def git_command(directory: Path, words: Sequence[str]) -> tuple[str, ...]:
    """Return the argv of git in ``directory`` with hooks, file-system monitors and foreign protocols off."""
    return ("git", "-C", str(directory), *_SAFE, *words)


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of git: no variable of ours that could redirect it."""
    return {"PATH": os.environ.get("PATH", os.defpath), **_QUIET, **(extra or {})}


def git(directory: Path, *words: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
    """Run git in ``directory`` and return what it prints.

    Raises:
        WorkloadError: git is not installed, or refused; the message holds its own words.
    """
    try:
        done = subprocess.run(
            git_command(directory, words), input=given, capture_output=True, env=git_environment(extra), check=False
        )
    except FileNotFoundError as error:
        raise WorkloadError("git is not installed", "install git 2.30 or later") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"it ended with {done.returncode}"
        raise WorkloadError(f"git {words[0]} in {directory}: {said}", f"see `git -C {directory} status`")
    return done.stdout.decode(errors="surrogateescape")
