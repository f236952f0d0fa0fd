"""What a training repository declares in workload.toml, parsed and typed."""

from dataclasses import dataclass, field
from enum import StrEnum

from rea.domain.ids import LATER
from rea.domain.lever import Lever, Role, Scalar


class MetricName(StrEnum):
    """The metrics that the judge computes. All but calibration have a direction of their own."""

    NE = "ne"
    LOG_LOSS = "log_loss"
    AUC = "auc"
    GAUC = "gauc"
    CALIBRATION = "calibration"

    @property
    def null_value(self) -> float:
        """The value a model that knows nothing scores: effects of AUC and GAUC are relative to what exceeds 0.5."""
        return 0.5 if self in (MetricName.AUC, MetricName.GAUC) else 0.0

    @property
    def larger_is_better(self) -> bool:
        return self in (MetricName.AUC, MetricName.GAUC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How one training is started.

    ``argv`` may hold ``{python} {data} {out} {seed} {checkpoint}`` inside a token, and ``{resume}`` and ``{overrides}`` as tokens of
    their own, which expand to the tokens of ``resume`` and of ``override`` (once per override, with ``{name} {value}``).
    """

    argv: tuple[str, ...]
    override: tuple[str, ...] = ("{name}={value}",)
    resume: tuple[str, ...] = ()
    predictions: str = "predictions.parquet"
    checkpoint: str = ""
    claims: str = ""  # a JSON object of numbers in {out}, such as latency_us and model_mb: shown as claimed, never believed for a verdict
    python: str = "python"
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where the rows are and which columns mean what. Split values are train, valid and test."""

    path: str
    label: str
    split: str = "split"
    row_id: str = ""  # empty: rows are numbered in file order, in a column named row_id
    generate: tuple[str, ...] = ()
    day: str = ""
    group: str = ""
    slices: tuple[str, ...] = ()
    oracle: str = ""  # column with the best probability anyone could give; never shown to jobs
    withheld: int | None = None  # what stands in a label that is withheld; None = missing
    format: str = "parquet"  # what {data} is written as: parquet or csv


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A metric that may not get worse by more than ``margin`` (relative), or must stay within ``low`` and ``high``.

    ``metric`` is a judge metric, or one of ``cost`` (device-seconds), ``latency_us``, ``model_mb``; ``slice`` is a column of the data.
    """

    metric: str
    slice: str = ""
    margin: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        where = f" in every {self.slice}" if self.slice else ""
        if self.margin is not None:
            return f"{self.metric}{where} not worse by more than {self.margin:.2%}"
        return f"{self.metric}{where} within [{self.low}, {self.high}]"


SMOKE = "smoke"  # the fidelity at which failures are looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """A cheaper run, or the full one: ``share`` of the full cost; a resumable rung ends at a checkpoint that the next goes on from."""

    name: str
    share: float = 1.0
    overrides: tuple[tuple[str, Scalar], ...] = ()
    resumable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one job may use. ``memory_mb`` limits the data segment (not for CUDA); limits are in seconds."""

    devices: int = 1
    memory_mb: int | None = None
    time_limit_s: int = 3600
    silence_limit_s: int = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The best primary metric that is reachable, or the best one known, on the test rows; where the data has an oracle column that is used."""

    value: float
    source: str = ""


class Confinement(StrEnum):
    """Whether jobs run in a sandbox: where one works, never, or not without one."""

    AUTO = "auto"
    OFF = "off"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How labels are kept from jobs. ``read`` names what a job may read beside its own tree, the data and its interpreter."""

    sandbox: Confinement = Confinement.AUTO
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The repository's own tests, which a patch has to pass: ``argv`` may hold ``{python}``."""

    argv: tuple[str, ...] = ()
    time_limit_s: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Where a training writes down how it gets on: JSON lines in ``{out}/path``, each with two numbers, ``step`` (how far it is) and ``value``.

    It is the job's own word: it may stop a run, and enters no verdict.
    """

    path: str
    step: str = "step"
    value: str = "ne"
    larger_is_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A training codebase as it describes itself."""

    name: str
    command: Command
    data: Data
    primary: MetricName
    levers: tuple[Lever, ...]
    fidelities: tuple[Fidelity, ...]  # cheapest first; the last is the full run
    guardrails: tuple[Guardrail, ...] = ()
    smoke: tuple[tuple[str, Scalar], ...] = ()
    editable: tuple[str, ...] = ()
    protected: tuple[str, ...] = ("workload.toml",)
    resources: Resources = Resources()
    bound: Bound | None = None
    price_per_hour: float | None = None  # money for one device-hour
    largest_plausible_effect: float = 0.3  # relative; anything beyond it is flagged, not believed
    seal: Seal = field(default=Seal(), metadata=LATER)
    checks: Checks = field(default=Checks(), metadata=LATER)
    curve: Curve | None = field(default=None, metadata=LATER)

    @property
    def full(self) -> Fidelity:
        return self.fidelities[-1]

    def lever(self, name: str) -> Lever | None:
        return next((lever for lever in self.levers if lever.name == name), None)

    def with_role(self, role: Role) -> tuple[Lever, ...]:
        return tuple(lever for lever in self.levers if lever.role is role)

    def fidelity(self, name: str) -> Fidelity:
        """Return a declared fidelity, or the size of the smoke run, which nothing is ever judged at."""
        if name == SMOKE:
            return Fidelity(name=SMOKE, share=0.0, overrides=self.smoke)
        return next(f for f in self.fidelities if f.name == name)

    def rung_below(self, name: str) -> Fidelity | None:
        """Return the resumable rung just below ``name``, whose checkpoint a run at ``name`` can go on from."""
        if name == SMOKE:
            return None
        at = [f.name for f in self.fidelities].index(name)
        below = self.fidelities[at - 1] if at else None
        return below if below is not None and below.resumable and self.command.checkpoint else None
