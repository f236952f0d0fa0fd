"""What the campaigns of one setting add up to, and the last line over all settings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.stats import beta

from benchmarks.honesty.settings import Setting
from benchmarks.honesty.world import Judged, Told

ENOUGH = 500  # promotions, or finalists, below which a share of them is shown and not counted
MOST_FALSE, LEAST_POWER, MARGINAL, LEAST_PROMOTED, MOST_OVERTUNED = 0.05, 0.8, (0.93, 0.97), 0.93, 0.02


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one setting. A unit is a campaign, or a series of campaigns on one test set; a launch is false if it does not truly help."""

    units: int
    false: int  # units with a false launch
    found: int  # units that launched something that helps
    finalists: int
    covered: int  # finalists whose plain 95 % interval of fresh seeds holds the true effect
    promoted: int
    held: int  # promotions whose interval, as the report shows it, holds the true effect
    worse: int  # promotions that are truly worse than the default
    optimism: float  # mean of the finalists' confirmed effects minus the true ones, in standard errors of that mean
    opened: int
    jobs: int
    unfinished: int

    @property
    def upper(self) -> float:
        """The upper 95 % bound of the rate of false launches (Clopper and Pearson, one-sided)."""
        return float(beta.ppf(0.95, self.false + 1, self.units - self.false)) if self.false < self.units else 1.0

    @property
    def lower(self) -> float:
        """The lower 95 % bound of the same."""
        return float(beta.ppf(0.05, self.false, self.units - self.false + 1)) if self.false else 0.0

    @property
    def power(self) -> float:
        return self.found / max(1, self.units)

    @property
    def marginal(self) -> float:
        return self.covered / max(1, self.finalists)

    @property
    def kept(self) -> float:
        return self.held / max(1, self.promoted)

    @property
    def overtuning(self) -> float:
        return self.worse / max(1, self.promoted)


def figures(units: Sequence[Sequence[Told]]) -> Figures:
    """Return what the units of one setting add up to."""
    told = [campaign for unit in units for campaign in unit]
    launched = [(t["launched"], t["interval"]) for t in told if t["launched"] is not None]
    finalists = [f for t in told for f in t["finalists"]]
    return Figures(
        units=len(units),
        false=sum(any(t["launched"] is not None and t["launched"] <= 0 for t in unit) for unit in units),
        found=sum(any((t["launched"] or 0) > 0 for t in unit) for unit in units),
        finalists=len(finalists),
        covered=sum(f["low"] <= f["true"] <= f["high"] for f in finalists),
        promoted=len(launched),
        held=sum(low <= true <= high for true, (low, high) in launched),
        worse=sum(true < 0 for true, _ in launched),
        optimism=_optimism(finalists),
        opened=sum(t["opened"] for t in told),
        jobs=sum(t["jobs"] for t in told),
        unfinished=sum(not t["ended"] for t in told),
    )


def _optimism(finalists: Sequence[Judged]) -> float:
    errors = [(f["low"] + f["high"]) / 2 - f["true"] for f in finalists]
    spread = stdev(errors) if len(errors) > 1 else 0.0
    return fmean(errors) / (spread / len(errors) ** 0.5) if spread else 0.0


def row(name: str, f: Figures) -> str:
    """Return the line of one setting. A share of fewer than ENOUGH promotions stands in brackets: it counts for nothing."""
    kept, worse = f"{f.kept:.3f}", f"{f.overtuning:.4f}"
    if f.promoted < ENOUGH:
        kept, worse = f"({kept})", f"({worse})"
    false = f"{f.false / max(1, f.units):8.4f} (<= {f.upper:.3f})"
    launching = f"{f.power:7.3f}{f.opened / max(1, f.units):7.2f}{f.marginal:8.3f}{f.optimism:+6.1f}{f.promoted:8d}{kept:>9}{worse:>10}"
    return f"{name:53}{f.units:6d}{false}{launching}{f.jobs / max(1, f.units):7.1f}{f.unfinished:6d}"


HEAD = (
    f"{'setting':53}{'units':>6}{'false launches':>19}{'found':>7}{'opened':>7}{'each':>8}{'bias':>6}"
    f"{'promoted':>8}{'held':>9}{'worse':>10}{'jobs':>7}{'stuck':>6}"
)


def worst(found: Sequence[tuple[Setting, Figures]]) -> tuple[float, float, float, float]:
    """Return the worst setting's upper bound of false launches, power, coverage (of finalists and of promotions, whichever is lower), overtuning."""
    promoting = [f for _, f in found if f.promoted >= ENOUGH]
    covering = [f.marginal for _, f in found if f.finalists >= ENOUGH] + [f.kept for f in promoting]
    return (
        max((f.upper for _, f in found), default=1.0),
        min((f.power for s, f in found if s.power), default=0.0),
        min(covering, default=0.0),
        max((f.overtuning for f in promoting), default=1.0),
    )


def missed(found: Iterable[tuple[Setting, Figures]]) -> Iterator[str]:
    """Yield the bars that are missed."""
    for setting, f in found:
        if f.upper > MOST_FALSE:
            yield f"{setting.name}: false launches {f.false / f.units:.4f}, at most {f.upper:.4f}"
        if setting.power and f.power < LEAST_POWER:
            yield f"{setting.name}: power {f.power:.3f}"
        if f.finalists >= ENOUGH and not MARGINAL[0] <= f.marginal <= MARGINAL[1]:
            yield f"{setting.name}: plain intervals cover {f.marginal:.3f}"
        if f.promoted >= ENOUGH and f.kept < LEAST_PROMOTED:
            yield f"{setting.name}: intervals of promotions cover {f.kept:.3f}"
        if f.promoted >= ENOUGH and f.overtuning > MOST_OVERTUNED:
            yield f"{setting.name}: {f.overtuning:.4f} of the promotions are worse than the default"
