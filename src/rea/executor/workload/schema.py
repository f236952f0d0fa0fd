"""The JSON Schema of workload.toml, for editors that complete and check TOML; made from the tables themselves."""

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

import msgspec

from rea.executor.workload.document import Document, hints_of, holds_many, table_in, written_as


def schema() -> dict[str, Any]:
    """Return JSON Schema 2020-12 for workload.toml; unknown keys are refused in every table."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(_struct(Document))}


@cache
def _struct(table: type) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        table.__name__,
        [_member(name, hint, _optional(table, name)) for name, hint in hints_of(table).items()],
        namespace={"__doc__": table.__doc__},
        forbid_unknown_fields=True,
        kw_only=True,
    )


def _optional(table: type, name: str) -> bool:
    own = next(field for field in fields(table) if field.name == name)
    return own.default is not MISSING or own.default_factory is not MISSING


def _member(name: str, hint: object, optional: bool) -> tuple[str, Any] | tuple[str, Any, Any]:
    written = _written(hint)
    return (name, written | msgspec.UnsetType, msgspec.UNSET) if optional else (name, written)


def _written(hint: object) -> Any:
    inner = table_in(hint)
    if inner is None:
        return written_as(hint)
    return list[_struct(inner)] if holds_many(hint) else _struct(inner)  # type: ignore[misc]
