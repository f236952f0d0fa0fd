"""The noise floor, and what could be seen above it."""

from dataclasses import dataclass

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.statistics.power import detectable

SEEDS = (1, 2, 4, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What calibration found. ``repeats`` are the baseline's values in runs that differ by seed alone; ``seen`` pairs seeds an arm with
    the smallest relative effect that they find with 80 % power."""

    repeats: tuple[float, ...]
    seed_sd: tuple[tuple[str, float], ...]
    degrees_of_freedom: int
    row_sd: float
    cost_ms: tuple[tuple[str, int], ...]
    baseline: float
    bound: float | None
    detectable: float
    seen: tuple[tuple[int, float], ...]


def floor(c: Campaign) -> Floor | None:
    """Return the noise floor once calibration is over."""
    if c.noise is None or c.workload is None:
        return None
    noise, sd = c.noise, c.noise.sd_of(c.workload.full.name)
    return Floor(
        repeats=repeats(c),
        seed_sd=noise.seed_sd,
        degrees_of_freedom=noise.degrees_of_freedom,
        row_sd=noise.row_sd,
        cost_ms=noise.cost_ms,
        baseline=noise.baseline,
        bound=noise.bound,
        detectable=noise.detectable,
        seen=tuple((n, detectable(sd, noise.row_sd, n, n)) for n in SEEDS),
    )


def repeats(c: Campaign) -> tuple[float, ...]:
    """Return the baseline's primary metric in each full calibration run."""
    runs = [r for r in c.jobs.values() if r.job.phase is Phase.CALIBRATION and r.job.fidelity == c.setup.full.name]
    measured = [m for r in runs if r.measured is not None for m in r.measured.measurements]
    return tuple(m.value for m in measured if m.metric == c.setup.primary and not m.slice)
