"""The levers in workload.toml are those of the settings: ``python -m ranker.levers [--write]``.

Without ``--write`` it says whether the file agrees (exit code 1: it does not).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from ranker.config import Config
from ranker.setting import Lever, Value

WORKLOAD = Path(__file__).parent.parent / "workload.toml"
MARK = "# ---- levers: made of the ranker's settings by `python -m ranker.levers --write`; what is below this line is overwritten ----\n"
TYPES = {bool: "bool", int: "int", float: "float", str: "choice"}


def tables() -> str:
    """The levers of all settings that have one, as TOML."""
    found = [_table(each, each.metadata["lever"]) for each in fields(Config) if each.metadata["lever"] is not None]
    return "\n".join(found)


def rewritten(text: str) -> str:
    """A workload.toml with its levers as they should be."""
    before, mark, _ = text.partition(MARK)
    return f"{before}{mark or MARK}\n{tables()}"


def _table(setting: "Field[Any]", lever: Lever) -> str:
    lines = "".join(f"{name} = {_word(value)}\n" for name, value in _entries(setting, lever))
    return f"[[lever]]\n{lines}"


def _entries(setting: "Field[Any]", lever: Lever) -> Iterator[tuple[str, Value | list[str]]]:
    kind = type(setting.default)
    yield from (("name", setting.name), ("type", TYPES[kind]), ("role", lever.role or setting.name))
    yield "default", setting.default
    if kind is str:
        yield "choices", list(lever.choices() if callable(lever.choices) else lever.choices)
    if lever.low is not None and lever.high is not None:
        yield from (("low", kind(lever.low)), ("high", kind(lever.high)))
    if lever.log:
        yield "log", True


def _word(value: Value | list[str]) -> str:
    return repr(value) if isinstance(value, float) else json.dumps(value)


def main(argv: list[str] | None = None) -> int:
    """Write the levers, or say whether they are as they should be."""
    parser = argparse.ArgumentParser(prog="python -m ranker.levers", description="The levers of workload.toml.")
    parser.add_argument("--write", action="store_true", help="rewrite them from the settings")
    given = parser.parse_args(argv)
    text = WORKLOAD.read_text()
    wanted = rewritten(text)
    if given.write:
        WORKLOAD.write_text(wanted)
    elif text != wanted:
        print("workload.toml disagrees with the settings: python -m ranker.levers --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
