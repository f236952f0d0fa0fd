"""Simulated campaigns with known truth: how often would a campaign launch something that does not help, and what are its figures worth?

Every campaign has twelve hypotheses, planned looks at 1, 2 and 4 seeds, two finalists, and a Confirmation with fresh seeds on rows that no selection
has seen; the verdicts are the shipped ones. Effects and noise are relative improvements. Prints one line a world and, last, the worst figures.

    python benchmarks/error_control.py          # QUICK=1 for a short run
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from rea.domain.evidence import Comparison, Finding, Flag, Rows, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.ids import ExperimentId
from rea.knowledge.verdict import Arm, Terms, confirm, select
from rea.statistics.score import pool_of
from rea.statistics.variance import Pool

HYPOTHESES, FINALISTS, CONFIRMATION_SEEDS = 12, 2, 6
SEED_SD, ROW_SD, WORTHWHILE = 0.004, 0.002, 0.015
KEPT = {1: HYPOTHESES, 2: 6, 4: 3}  # hypotheses still raced at each look
PREDICTED = Effect(value=0.01, low=0.0, high=0.02)  # as hopeful as techniques are
NAMED = ExperimentId("baseline")
Random = np.random.Generator
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class World:
    """How the truth is drawn, how a seed disturbs it, and how noisy every arm is."""

    name: str
    truth: Callable[[Random], Numbers]
    noise: Callable[[Random, int], Numbers] = lambda rng, n: rng.standard_normal(n)
    sd: Callable[[Numbers], Numbers] = lambda truth: np.full(len(truth), SEED_SD)


@dataclass(frozen=True, slots=True)
class Bench:
    """One campaign's truth and dice. ``rows`` are the deviations of single arms on one set of rows."""

    world: World
    truth: Numbers
    rng: Random

    def runs(self, arm: int, count: int) -> Numbers:
        return self.truth[arm] + self.world.sd(self.truth)[arm] * self.world.noise(self.rng, count)

    def baseline(self, count: int) -> Numbers:
        return SEED_SD * self.world.noise(self.rng, count)

    def rows(self) -> Numbers:
        return ROW_SD * self.rng.standard_normal(len(self.truth))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the pipeline keeps to. Each can be broken on purpose, to see that the figures notice."""

    fresh_seeds: bool = True
    fresh_rows: bool = True
    error: float = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """What one campaign concluded of its finalists, beside the truth."""

    truth: tuple[float, ...]
    chosen: tuple[Finding, ...]
    confirmed: tuple[Finding, ...]
    best: float

    @property
    def launched(self) -> list[tuple[float, Finding]]:
        return [
            (true, f)
            for true, f in zip(self.truth, self.confirmed, strict=True)
            if f.verdict is Verdict.SUPPORTED and Flag.TOO_GOOD not in f.flags
        ]


def compare(arm: int, runs: Numbers, baseline: Numbers, row: float) -> Comparison:
    """Return what the judge would hand over."""
    seeds, zero = runs - baseline.mean() + row, baseline - baseline.mean()
    effect = float(seeds.mean())
    return Comparison(
        experiment=ExperimentId(f"e{arm}"), baseline=NAMED, metric="ne", rows=Rows.JUDGE, effect=effect, row_variance=ROW_SD**2,
        seeds=tuple(seeds.tolist()), baseline_seeds=tuple(zero.tolist()), row_count=10_000,
        value=0.8 * (1 - effect), baseline_value=0.8, value_variance=1e-5, jobs=(),
    )  # fmt: skip


def campaign(world: World, rng: Random, rules: Rules = Rules()) -> Ended:
    """Run one campaign from the first look to the last verdict."""
    bench = Bench(world, world.truth(rng), rng)
    judge_rows, baseline = bench.rows(), bench.baseline(4)
    runs = [bench.runs(arm, 4) for arm in range(HYPOTHESES)]
    findings, pool = race(runs, baseline, judge_rows)
    finalists = sorted(findings, key=lambda arm: -findings[arm].effect.value)[:FINALISTS]
    test_rows = bench.rows() if rules.fresh_rows else judge_rows
    last = bench.baseline(CONFIRMATION_SEEDS) if rules.fresh_seeds else baseline
    arms = [
        compare(arm, bench.runs(arm, CONFIRMATION_SEEDS) if rules.fresh_seeds else runs[arm], last, test_rows[arm])
        for arm in finalists
    ]
    terms = Terms(phase=Phase.CONFIRMATION, fidelity="full", error=rules.error)
    confirmed = confirm([Arm(comparison=c) for c in arms], pool_of(arms, pool.sd, pool.df), terms)
    return Ended(
        tuple(float(bench.truth[arm]) for arm in finalists), tuple(findings[arm] for arm in finalists), confirmed, float(bench.truth.max())
    )  # fmt: skip


def race(runs: Sequence[Numbers], baseline: Numbers, rows: Numbers) -> tuple[dict[int, Finding], Pool]:
    """Race the hypotheses through the planned looks; dropped ones keep counting in the false discovery rate."""
    terms = Terms(phase=Phase.VALIDATION, fidelity="full", error=0.10)
    seen = dict.fromkeys(range(len(runs)), 1)
    findings: dict[int, Finding] = {}
    for look, kept in KEPT.items():
        for arm in sorted(seen, key=lambda a: -findings[a].effect.value if findings else 0.0)[:kept]:
            seen[arm] = look
        comparisons = [compare(arm, runs[arm][:n], baseline, rows[arm]) for arm, n in seen.items()]
        pool = pool_of(comparisons)
        judged = select([Arm(comparison=c, prior=PREDICTED) for c in comparisons], pool, terms)
        findings = dict(zip(seen, judged, strict=True))
    return findings, pool


def sparse(rng: Random) -> Numbers:
    return np.concatenate([[0.012, 0.02], np.zeros(HYPOTHESES - 2)])


def dense(rng: Random) -> Numbers:
    return rng.normal(0.0, 0.01, HYPOTHESES)


def nothing(rng: Random) -> Numbers:
    return np.zeros(HYPOTHESES)


def heavy(rng: Random, n: int) -> Numbers:
    return rng.standard_t(3, n) / np.sqrt(3)


def twice(truth: Numbers) -> Numbers:
    return np.full(len(truth), 2 * SEED_SD)


def two_loud(truth: Numbers) -> Numbers:
    return np.where(np.arange(len(truth)) < 2, 4 * SEED_SD, SEED_SD)


def noisier(truth: Numbers) -> Numbers:
    return SEED_SD * (1 + 100 * np.maximum(truth, 0.0))


WORLDS = (
    World("null", nothing),
    World("sparse", sparse),
    World("dense", dense),
    World("null, heavy tails", nothing, noise=heavy),
    World("dense, heavy tails", dense, noise=heavy),
    World("null, candidates twice as noisy", nothing, sd=twice),
    World("null, two arms four times as noisy", nothing, sd=two_loud),
    World("dense, better is noisier", dense, sd=noisier),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates over campaigns. ``optimism`` figures are quoted minus true effect of the best finalist."""

    campaigns: int
    false_launches: int
    power: float
    simultaneous: float
    marginal: float
    promoted: float
    raw_optimism: float
    quoted_optimism: float
    confirmed_optimism: float

    @property
    def rate(self) -> float:
        return self.false_launches / self.campaigns

    @property
    def upper(self) -> float:
        """Upper 95 % bound of the false-launch rate (Clopper and Pearson, one-sided)."""
        return float(beta.ppf(0.95, self.false_launches + 1, self.campaigns - self.false_launches))

    @property
    def lower(self) -> float:
        """Lower 95 % bound of the false-launch rate."""
        return (
            float(beta.ppf(0.05, self.false_launches, self.campaigns - self.false_launches + 1))
            if self.false_launches
            else 0.0
        )


def figures(world: World, campaigns: int, seed: int, rules: Rules = Rules()) -> Figures:
    """Run campaigns in one world."""
    ended = [campaign(world, np.random.default_rng([seed, i]), rules) for i in range(campaigns)]
    covered = [
        [f.effect.low <= true <= f.effect.high for true, f in zip(e.truth, e.confirmed, strict=True)] for e in ended
    ]
    launched = [pair for e in ended for pair in e.launched]
    possible = [e for e in ended if e.best >= WORTHWHILE]
    return Figures(
        campaigns=campaigns,
        false_launches=sum(any(true <= 0 for true, _ in e.launched) for e in ended),
        power=mean([any(true > 0 for true, _ in e.launched) for e in possible]),
        simultaneous=mean([all(c) for c in covered]),
        marginal=mean([c for cs in covered for c in cs]),
        promoted=mean([f.effect.low <= true <= f.effect.high for true, f in launched]),
        raw_optimism=mean([e.chosen[0].raw - e.truth[0] for e in ended]),
        quoted_optimism=mean([e.chosen[0].effect.value - e.truth[0] for e in ended]),
        confirmed_optimism=mean([e.confirmed[0].raw - e.truth[0] for e in ended]),
    )


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def main() -> None:
    campaigns = 500 if os.environ.get("QUICK") else 4000
    found = {world.name: figures(world, campaigns, seed) for seed, world in enumerate(WORLDS)}
    print(
        f"{campaigns} campaigns a world; {HYPOTHESES} hypotheses, {FINALISTS} finalists, {CONFIRMATION_SEEDS} fresh seeds, alpha 0.05"
    )
    print(
        f"{'world':36}{'false launches':>22}{'power':>8}{'simult.':>9}{'each':>7}{'promoted':>10}{'optimism raw/quoted/confirmed':>33}"
    )
    for name, f in found.items():
        optimism = f"{f.raw_optimism:+.4f} / {f.quoted_optimism:+.4f} / {f.confirmed_optimism:+.4f}"
        rate = f"{f.rate:.3f} (<= {f.upper:.3f})"
        print(
            f"{name:36}{rate:>22}{f.power:8.2f}{f.simultaneous:9.3f}{f.marginal:7.3f}{f.promoted:10.3f}{optimism:>33}"
        )
    broken = figures(WORLDS[0], campaigns, 99, replace(Rules(), fresh_seeds=False, fresh_rows=False))
    print(f"null, confirmed on the runs and rows that chose (what we refuse): false launches {broken.rate:.3f}")
    worst = max(found.values(), key=lambda f: f.rate)
    power, coverage = np.nanmin([f.power for f in found.values()]), min(f.simultaneous for f in found.values())
    overtuning = max(f.quoted_optimism for f in found.values())
    print(
        f"statistics: false launches {worst.rate:.3f} (<= {worst.upper:.3f}), power {power:.2f}, coverage {coverage:.3f}, "
        f"overtuning {overtuning:+.4f}"
    )


if __name__ == "__main__":
    main()
