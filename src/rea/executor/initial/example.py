"""The built-in codebase, laid out as a user's own repository."""

import ast
import shutil
from pathlib import Path

import rea
from rea.domain.errors import UsageError
from rea.executor.materialise.git import git
from rea.executor.workload.problem import nearest

_LEFT_OUT = ("__pycache__", ".*_cache", "data", "out", "*.pyc")
_AUTHOR = ("-c", "user.name=rea", "-c", "user.email=rea@localhost")


def example(name: str, directory: Path, setting: str = "demo") -> str:
    """Copy the built-in codebase ``name`` to ``directory``, commit it there, and return the commit.

    ``setting`` names the synthetic log that its workload.toml generates. Raises UsageError where there is no such example or
    setting, or ``directory`` is in use.
    """
    origin = _origin(name)
    known = settings_of(origin)
    if setting not in known:
        raise UsageError(
            f"there is no setting {setting!r}{nearest(setting, known)}", f"choose one of {', '.join(known)}"
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} exists already and is not empty", "name a folder that does not exist yet")
    shutil.copytree(origin, directory, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
    _choose(directory / "workload.toml", setting)
    git(directory, "init", "--quiet", "--template=")
    git(directory, "add", "--all")
    git(directory, *_AUTHOR, "commit", "--quiet", "-m", f"the {name} example, {setting} log")
    return git(directory, "rev-parse", "HEAD").strip()


def settings_of(origin: Path) -> tuple[str, ...]:
    """Return the names of the synthetic logs, read off the source of a codebase that is never imported."""
    tree = ast.parse((origin / "ranker" / "synthetic.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "SETTINGS":
            keys = getattr(node.value, "keys", ())
            return tuple(str(key.value) for key in keys if isinstance(key, ast.Constant))
    return ("demo",)


def _origin(name: str) -> Path:
    folder = Path(rea.__file__).parent / "workloads"
    known = sorted(path.parent.name for path in folder.glob("*/workload.toml"))
    if name not in known:
        raise UsageError(f"there is no example {name!r}{nearest(name, known)}", f"choose one of {', '.join(known)}")
    return folder / name


def _choose(declared: Path, setting: str) -> None:
    text = declared.read_text()
    for old, new in (
        ('"--setting", "demo"', f'"--setting", "{setting}"'),
        ("data/demo.parquet", f"data/{setting}.parquet"),
    ):
        if old not in text:
            raise UsageError(f"{declared} does not generate the demo log", "report this: the example is out of step")
        text = text.replace(old, new)
    declared.write_text(text)
