"""When the command is declared right: every placeholder known and in its place."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from rea.domain.workload import Command, Workload
from rea.executor.workload.problem import Problem, nearest

INSIDE = ("{python}", "{data}", "{out}", "{seed}")
WHOLE = ("{resume}", "{overrides}")
GENERATE = ("{python}", "{path}", "{seed}")
_REASON = {
    "{data}": "the training could not be given the sealed view of the data",
    "{out}": "predictions could not be found",
    "{seed}": "replicates would all be the same run",
}
_PLACEHOLDER = re.compile(r"\{[A-Za-z_]+\}")


def command_problems(workload: Workload) -> Iterator[Problem]:
    """Yield what is wrong with [command]."""
    command = workload.command
    yield from (Problem("[command]", text) for text in _argv(command, bool(workload.levers)))
    yield from (Problem("[command]", text) for text in _expansions(command))
    yield from (Problem("[command]", text) for text in _files(command))
    yield from (Problem("[data]", text) for text in _unknown("generate", workload.data.generate, GENERATE))
    yield from (Problem("[tests]", text) for text in _unknown("argv", workload.checks.argv, ("{python}",)))


def _argv(command: Command, has_levers: bool) -> Iterator[str]:
    if not command.argv:
        yield "argv is empty"
        return
    yield from _unknown("argv", command.argv, (*INSIDE, *WHOLE))
    for placeholder in WHOLE:
        if any(placeholder in token and placeholder != token for token in command.argv):
            yield f"{placeholder} has to be a token of its own in argv"
    for placeholder, reason in _REASON.items():
        if not any(placeholder in token for token in command.argv):
            yield f"argv has no {placeholder}: {reason}"
    if has_levers and "{overrides}" not in command.argv:
        yield 'argv has no "{overrides}": no lever could be turned'


def _expansions(command: Command) -> Iterator[str]:
    yield from _unknown("override", command.override, ("{name}", "{value}"))
    for placeholder in ("{name}", "{value}"):
        if not any(placeholder in token for token in command.override):
            yield f"override has no {placeholder}"
    yield from _unknown("resume", command.resume, (*INSIDE, "{checkpoint}"))
    if command.resume and not any("{checkpoint}" in token for token in command.resume):
        yield "resume has no {checkpoint}"
    if bool(command.resume) != ("{resume}" in command.argv):
        yield 'resume and the token "{resume}" in argv need each other'
    if command.resume and not command.checkpoint:
        yield "resume needs checkpoint: the file or folder in {out} to go on from"


def _unknown(name: str, tokens: Iterable[str], known: tuple[str, ...]) -> Iterator[str]:
    for token in tokens:
        for found in _PLACEHOLDER.findall(token):
            if found not in known:
                yield f"{name} holds {found}, which is not replaced here{nearest(found, known)}"


def _files(command: Command) -> Iterator[str]:
    for name in ("predictions", "checkpoint", "claims"):
        path = PurePosixPath(getattr(command, name))
        if path.is_absolute() or ".." in path.parts:
            yield f"{name} has to be a path inside {{out}}"
    if not command.predictions:
        yield "predictions is empty: name the file in {out} with row id and prediction"
    if not command.python:
        yield "python is empty"
