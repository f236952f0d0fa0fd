"""The same device-seconds for eight models: dealt equally, or by the rule of a portfolio. On the simulated cluster, whose truth is known.

    python benchmarks/portfolio.py            # 8 worlds a setting; QUICK=1: 2

Models differ in how much there is to gain, and in one setting also in what a run costs. Either side runs whole campaigns, Confirmation
included; what counts is the true improvement of what is proposed, 0 where nothing is. The ratio is of sums over models, its interval
bootstrapped over worlds. Exits with 1 where headroom differs and the rule is no better than equal shares.
"""

import os
import sys
from collections.abc import Mapping
from random import Random

from rea.domain.ids import CampaignId
from rea.domain.plan import Policy
from rea.domain.proposal import Outcome
from rea.testing.portfolio import PortfolioWorld
from rea.testing.simulation import Truth, World

WORLDS = 2 if os.environ.get("QUICK") else int(os.environ.get("WORLDS", "8"))
MODELS, LEVERS, RUNS, RUN_S = 8, 16, 45, 60.0
POLICY = Policy(seed=7, calibration_seeds=3, looks=(1, 2), finalists=1)
SCALES = (0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012)
SETTINGS = {
    "headroom differs 24-fold": (SCALES, (1.0,) * MODELS),
    "headroom differs, dear runs too": (SCALES, (1.0, 2.0, 0.5, 1.0, 2.0, 0.5, 1.0, 2.0)),
    "all models alike": ((0.004,) * MODELS, (1.0,) * MODELS),
}
DRAWS = 2000


def truths(setting: str, seed: int) -> dict[str, Truth]:
    """Return the models of one world: each lever's effect is drawn around a small harm, in its model's own scale."""
    dice, (scales, prices) = Random(seed), SETTINGS[setting]
    return {
        f"m{i}": Truth(
            effects={f"x{j}": dice.gauss(-0.4 * scale, scale) for j in range(LEVERS)},
            run_s=RUN_S * price,
            seed_sd=0.002,
            row_sd=0.0005,
        )
        for i, (scale, price) in enumerate(zip(scales, prices, strict=True))
    }


def gain(world: World, truth: Truth) -> float:
    """Return the true improvement of what a campaign proposes."""
    proposal = world.state.proposal
    return truth.effect(proposal.change) if proposal and proposal.outcome is Outcome.WINNER else 0.0


def by_rule(models: Mapping[str, Truth], budget_s: float) -> tuple[float, float, int]:
    """Return the sum of true gains, the share of the budget that was spent, and how many models got a proposal."""
    w = PortfolioWorld(truths=models, budget_s=budget_s, slots=4, policy=POLICY)
    p = w.run()
    assert p.concluded, p
    gains = [gain(w.worlds[CampaignId(name)], truth) for name, truth in models.items()]
    return sum(gains), p.ledger.spent / p.budget_ms, sum(g != 0 for g in gains)


def equally(models: Mapping[str, Truth], budget_s: float) -> tuple[float, float, int]:
    """Return the same for ordinary campaigns, each with its share and nothing else, under the very seeds of the portfolio's members."""
    twin = PortfolioWorld(truths=models, budget_s=budget_s, slots=4, policy=POLICY)
    gains, spent = [], 0
    for name, truth in models.items():
        member = twin.worlds[CampaignId(name)]
        world = World(truth=truth, budget_s=budget_s / len(models), policy=member.policy, name=CampaignId(name))
        c = world.run()
        gains.append(gain(world, truth))
        spent += c.ledger.spent
    return sum(gains), spent / (budget_s * 1000), sum(g != 0 for g in gains)


def interval(pairs: list[tuple[float, float]], seed: int = 1) -> tuple[float, float]:
    """Return the 90 % interval of the ratio of sums, bootstrapped over worlds."""
    dice = Random(seed)
    drawn = (dice.choices(pairs, k=len(pairs)) for _ in range(DRAWS))
    ratios = sorted(sum(a for a, _ in some) / max(1e-12, sum(b for _, b in some)) for some in drawn)
    return ratios[DRAWS // 20], ratios[-DRAWS // 20]


def main() -> int:
    """Run every setting and print what each side reached."""
    said, ratios = list[str](), list[float]()
    for setting, (scales, prices) in SETTINGS.items():
        budget_s = RUNS * RUN_S * sum(prices)
        pairs, proposals, spent = list[tuple[float, float]](), [0, 0], [0.0, 0.0]
        for seed in range(WORLDS):
            models = truths(setting, seed)
            found = by_rule(models, budget_s), equally(models, budget_s)
            pairs.append((found[0][0], found[1][0]))
            proposals = [had + side[2] for had, side in zip(proposals, found, strict=True)]
            spent = [had + side[1] / WORLDS for had, side in zip(spent, found, strict=True)]
            print(
                f"  {setting}, world {seed}: by the rule {found[0][0]:+.2%}, equally {found[1][0]:+.2%}",
                file=sys.stderr,
            )
        rule, equal = (sum(x) / WORLDS / MODELS for x in zip(*pairs, strict=True))
        low, high = interval(pairs)
        print(
            f"{setting}: {rule:+.2%} a model by the rule ({proposals[0] / WORLDS:.1f} proposals, {spent[0]:.0%} spent), "
            f"{equal:+.2%} dealt equally ({proposals[1] / WORLDS:.1f}, {spent[1]:.0%})"
        )
        said.append(f"{rule / equal:.2f} [{low:.2f}, {high:.2f}] ({setting})")
        if len(set(scales)) > 1:  # where all models are alike there is nothing to gain
            ratios.append(rule / equal)
    print(
        f"portfolio: improvement by the rule over equal shares of the same budget: {', '.join(said)}; {WORLDS} worlds of {MODELS} models"
    )
    return int(min(ratios) <= 1.0)


if __name__ == "__main__":
    sys.exit(main())
