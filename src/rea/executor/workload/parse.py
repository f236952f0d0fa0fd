"""Reading workload.toml: every problem found is told at once, each with its place."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.domain.workload import Workload
from rea.executor.workload.document import Document
from rea.executor.workload.problem import Problem
from rea.executor.workload.rules import broken_rules
from rea.executor.workload.tables import read_table

FILE = "workload.toml"


def load(repository: Path) -> Workload:
    """Read the workload.toml of a repository.

    Raises:
        WorkloadError: there is no such folder or file, it cannot be read, or it says something it may not.
    """
    path = repository / FILE
    if not repository.is_dir():
        raise WorkloadError(f"{repository} is no folder", "name the folder of your training repository")
    if not path.is_file():
        raise WorkloadError(f"there is no {FILE} in {repository}", f"write one with `rea init {repository}`")
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise WorkloadError(f"{path} is not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from error
    except OSError as error:
        raise WorkloadError(f"{path} cannot be read: {error.strerror}", "make it readable for you") from error


def parse(text: str, path: str = FILE) -> Workload:
    """Return the workload that ``text`` declares; ``path`` only names it in errors.

    Raises:
        WorkloadError: the text is no TOML, or breaks a rule; all problems are listed.
    """
    try:
        raw: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkloadError(f"{path} is not TOML: {error}", "correct that line; strings need quotes in TOML") from error
    problems: list[Problem] = []
    document = read_table(Document, raw, "", problems)
    if document is None or problems:
        raise _error(path, problems)
    workload = document.workload()
    if broken := broken_rules(workload):
        raise _error(path, broken)
    return workload


def readable_in(text: str) -> tuple[str, ...]:
    """Return ``[paths] readable`` of a workload.toml; none where the text is not as it has to be."""
    try:
        raw: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ()
    document = read_table(Document, raw, "", [])
    return document.paths.readable if document is not None else ()


def _error(path: str, problems: list[Problem]) -> WorkloadError:
    if len(problems) == 1:
        return WorkloadError(f"{path}: {problems[0]}", f"correct it in {path}, then run the same command again")
    lines = "\n".join(f"  {problem}" for problem in problems)
    return WorkloadError(
        f"{path} has {len(problems)} problems:\n{lines}", f"correct them in {path}, then run the same command again"
    )
