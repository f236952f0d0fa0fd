"""The keys of a Hydra configuration, flattened the way its overrides name them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rea.executor.initial.options import Option

_NOT_SETTINGS = ("hydra", "defaults")


def read_configuration(folder: Path, name: str) -> tuple[Option, ...]:
    """Return every scalar that ``name`` and the groups that it selects by default hold; a group with alternatives is an option too."""
    primary = _read(folder / f"{name.removesuffix('.yaml')}.yaml")
    found: dict[str, Option] = {}
    for group, selected in _selected(primary):
        inner = _read(folder / group / f"{selected}.yaml")
        choices = _interchangeable(folder / group, inner)
        if len(list((folder / group).glob("*.yaml"))) > 1:
            found[group] = Option(name=group, default=selected, choices=choices, place=f"{folder.name}/{group}/")
        found |= {o.name: o for o in _flat(inner, group.replace("/", "."), f"{folder.name}/{group}/{selected}.yaml")}
    found |= {o.name: o for o in _flat(primary, "", f"{folder.name}/{name}.yaml")}
    return tuple(found.values())


def _interchangeable(group: Path, selected: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the alternatives that know every key of the selected one: with another, an override of such a key would fail."""
    keys = {option.name for option in _flat(selected, "", "")}
    known = {path.stem: {option.name for option in _flat(_read(path), "", "")} for path in group.glob("*.yaml")}
    return tuple(sorted(name for name, theirs in known.items() if keys <= theirs))


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, dict) else {}


def _selected(primary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in primary.get("defaults") or ():
        if isinstance(entry, dict):
            for group, selected in entry.items():
                if isinstance(selected, str) and not str(group).startswith(("override ", "hydra")):
                    yield str(group).removeprefix("optional "), selected.removesuffix(".yaml")


def _flat(table: Mapping[str, Any], prefix: str, place: str) -> Iterator[Option]:
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if (not prefix and key in _NOT_SETTINGS) or str(key).startswith("_"):
            continue
        if isinstance(value, dict):
            yield from _flat(value, name, place)
        elif isinstance(value, str | int | float | bool) and "${" not in str(value):
            yield Option(name=name, default=_number(value), place=place)


def _number(value: str | float | bool) -> str | int | float | bool:
    """YAML 1.1 reads ``1e-3`` as text; every program that takes it as a number means the number."""
    if not isinstance(value, str):
        return value
    try:
        return float(value) if "e" in value.lower() else value
    except ValueError:
        return value
