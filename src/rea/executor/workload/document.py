"""The tables of workload.toml. Where a table is a noun of the domain, the domain's type is the table."""

from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from rea.domain.lever import Lever
from rea.domain.workload import (
    Bound,
    Checks,
    Command,
    Curve,
    Data,
    Fidelity,
    Guardrail,
    MetricName,
    Resources,
    Seal,
    Workload,
)

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The metric to improve, by the judge's name for it."""

    primary: MetricName = MetricName.NE


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """Overrides that make a training tiny: it has to end within seconds, its quality does not count."""

    overrides: tuple[tuple[str, str | int | float | bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What a patch may touch, and what it may not: files, folders (``model/``) or patterns (``conf/*.yaml``).

    ``readable`` is what else may be shown to a language model. It alters no experiment, so it is no part of the workload that a digest names.
    """

    editable: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    protected: tuple[str, ...] = ("workload.toml",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Money for one device-hour."""

    per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Effects (relative) beyond this are flagged as too good to be true."""

    largest_plausible_effect: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole workload.toml."""

    name: str
    command: Command
    data: Data
    metric: Metric = Metric()
    guardrail: tuple[Guardrail, ...] = ()
    lever: tuple[Lever, ...] = ()
    fidelity: tuple[Fidelity, ...] = (Fidelity(name="full"),)
    smoke: Smoke = Smoke()
    paths: Paths = Paths()
    resources: Resources = field(default_factory=Resources)
    bound: Bound | None = None
    price: Price | None = None
    limits: Limits = Limits()
    seal: Seal = field(default_factory=Seal)
    tests: Checks = field(default_factory=Checks)
    curve: Curve | None = None

    def workload(self) -> Workload:
        """Return what this document declares; workload.toml itself is always protected."""
        return Workload(
            name=self.name,
            command=self.command,
            data=self.data,
            primary=self.metric.primary,
            levers=self.lever,
            fidelities=self.fidelity,
            guardrails=self.guardrail,
            smoke=self.smoke.overrides,
            editable=self.paths.editable,
            protected=tuple(dict.fromkeys((*self.paths.protected, "workload.toml"))),
            resources=self.resources,
            bound=self.bound,
            price_per_hour=self.price.per_hour if self.price else None,
            largest_plausible_effect=self.limits.largest_plausible_effect,
            seal=self.seal,
            checks=self.tests,
            curve=self.curve,
        )


def table_in(hint: object) -> type | None:
    """Return the table type that a field holds, once, optionally or many times; None where it holds a plain value."""
    parts = get_args(hint) if get_origin(hint) in (tuple, Union, UnionType) else (hint,)
    return next((p for p in parts if isinstance(p, type) and hasattr(p, "__dataclass_fields__")), None)


def holds_many(hint: object) -> bool:
    """Whether a field holds a list of tables, written ``[[name]]``."""
    return get_origin(hint) is tuple and table_in(hint) is not None


def written_as(hint: object) -> Any:
    """Return the type that a plain field has in TOML: pairs are written as a table."""
    args = get_args(hint)
    if get_origin(hint) is tuple and get_origin(args[0]) is tuple:
        return dict[get_args(args[0])]  # type: ignore[misc]
    return hint


def hints_of(table: type) -> dict[str, Any]:
    """Return the fields of a table with their types, in order."""
    hints = get_type_hints(table)
    return {each.name: hints[each.name] for each in fields(table)}
