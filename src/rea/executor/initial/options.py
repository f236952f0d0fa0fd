"""Command-line options of a script, read off its syntax tree: nothing is imported or run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rea.domain.lever import Scalar

_KINDS = {"int": int, "float": float, "str": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting that a program takes: an argparse option, or a key of a Hydra configuration.

    ``name`` is what stands in an override (without leading dashes); a ``switch`` takes no value.
    """

    name: str
    default: Scalar | None = None
    choices: tuple[str, ...] = ()
    kind: type | None = None
    switch: bool = False
    place: str = ""

    @property
    def words(self) -> str:
        """The name with ``_`` between words, the way roles are guessed by."""
        return self.name.replace("-", "_").replace(".", "_").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A Python file that can be run. ``hydra`` is the folder and the name of its Hydra configuration."""

    path: str
    options: tuple[Option, ...]
    runs: bool
    hydra: tuple[str, str] | None = None


def read_script(root: Path, path: str) -> Script | None:
    """Return what ``path`` takes on its command line; None where it is not a Python file that can be understood."""
    try:
        tree = ast.parse((root / path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    options = tuple(o for call in calls if _called(call) == "add_argument" and (o := _option(call, path)))
    hydra = next((found for call in calls if _called(call) == "main" and (found := _hydra(call))), None)
    return Script(path=path, options=options, runs=bool(hydra) or _has_main(tree) or bool(options), hydra=hydra)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _option(call: ast.Call, path: str) -> Option | None:
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    long = [flag for flag in flags if flag.startswith("--")]
    if not long:
        return None
    given = {k.arg: k.value for k in call.keywords if k.arg}
    action = _constant(given.get("action"))
    choices = tuple(_texts(given.get("choices")))
    return Option(
        name=long[0].removeprefix("--"),
        default=_constant(given.get("default")),
        choices=choices,
        kind=_KINDS.get(getattr(given.get("type"), "id", "")),
        switch=isinstance(action, str) and action.startswith("store_"),
        place=f"{path}:{call.lineno}",
    )


def _constant(node: ast.expr | None) -> Scalar | None:
    try:
        value = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    return value if isinstance(value, str | int | float | bool) else None


def _texts(node: ast.expr | None) -> Iterator[str]:
    for element in getattr(node, "elts", ()):
        value = _constant(element)
        if isinstance(value, str):
            yield value


def _hydra(call: ast.Call) -> tuple[str, str] | None:
    given = {k.arg: _constant(k.value) for k in call.keywords if k.arg}
    name, folder = given.get("config_name"), given.get("config_path")
    return (folder if isinstance(folder, str) else ".", name) if isinstance(name, str) else None


def _has_main(tree: ast.Module) -> bool:
    tests = [node.test for node in tree.body if isinstance(node, ast.If)]
    return any(isinstance(t, ast.Compare) and getattr(t.left, "id", "") == "__name__" for t in tests)
