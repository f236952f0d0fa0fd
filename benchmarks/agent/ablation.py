"""What a model adds: simulated campaigns by the embedded engine alone, by a model alone, by both, and with a placebo in the model's place.

No provider is asked: the model is the scripted server on loopback, so this says what the engine makes of good, useless and harmful proposals, and
nothing about any real model. Three switches are worth something: two are in the catalogue, one only a good hint names. The other levers do nothing.

* *hint* proposes the switch that is not in the catalogue;
* *placebo* proposes valid settings at random, each time others;
* *harmful* proposes what makes the model worse.

All of them promise more than the catalogue does, and have no record of earlier campaigns that says otherwise.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory

from benchmarks.agent import roles
from benchmarks.agent.campaign import Setting, configuration, model
from benchmarks.agent.server import Exchange, Script, serving
from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.plan import Envelope, Policy
from rea.domain.workload import Workload
from rea.planner.sources.model.source import ModelSource
from rea.ports import Briefing, HypothesisSource, Ports
from rea.report.facts.scores import Proposer, proposers
from rea.testing.memory import MemoryInsights
from rea.testing.simulation import Truth, World, _hypothesis

CATALOGUE = ("a", "b", "i1", "i2", "i3")
INERT = {f"i{n}": 0.0 for n in range(1, 31)}
EFFECTS = {"a": 0.012, "b": 0.008, "hidden": 0.012, "bad": -0.02, **INERT}
BEST = 0.012 + 0.008 + 0.012
HOUR_PRICE = 2.0  # of a device-hour
PRICE = (2_500_000, 10_000_000)  # of a model's million tokens, in and out, in millionths
BUDGETS_S = (4000.0, 2200.0)  # ample, and so small that it matters what is tried first


@dataclass(slots=True, kw_only=True)
class Shared(World):
    """A world with a price, in which the catalogue proposes, or nobody but the model."""

    catalogue: bool = True

    @property
    def described(self) -> Workload:
        plain: Workload = World.described.__get__(self)
        return replace(plain, price_per_hour=HOUR_PRICE)

    @property
    def ports(self) -> Ports:
        own: tuple[HypothesisSource, ...] = (Catalogue(),) if self.catalogue else ()
        plain: Ports = World.ports.__get__(self)
        return replace(plain, sources=(*own, *self.minds))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The embedded engine's part: switches that it knows, two of which are worth something."""

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        offers = [_hypothesis(name) for name in CATALOGUE]
        return tuple(h for h in offers if h.id not in briefing.taken)[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One campaign: what was confirmed, truly, of what could be; and each proposer's score."""

    truly: float
    scores: dict[str, Proposer]


Answers = Callable[[Random], Script]


def _proposing(ideas: Callable[[Random], list[dict[str, object]]]) -> Answers:
    def answers(dice: Random) -> Script:
        def script(x: Exchange) -> None:
            if roles.role_of(x) == "proposer":
                told = [json.loads(roles.idea(**idea))["ideas"][0] for idea in ideas(dice)]
                x.answer(json.dumps({"ideas": told, "wishes": []}))
            else:
                roles.calm(x)

        return script

    return answers


def _set(lever: str, value: float = 1.0) -> list[dict[str, object]]:
    return [{"lever": lever, "value": value}]


def _random(dice: Random) -> list[dict[str, object]]:
    return [{"set": _set(dice.choice(list(EFFECTS)), round(dice.uniform(0.05, 2.0), 2))} for _ in range(4)]


MODELS: dict[str, Answers] = {
    "hint": _proposing(lambda _: [{"set": _set("hidden")}]),
    "placebo": _proposing(_random),
    "harmful": _proposing(lambda _: [{"set": _set("bad"), "low": 0.02, "value": 0.03, "high": 0.04}]),
}
ARMS = ("embedded alone", "hint alone", "embedded + hint", "placebo alone", "embedded + placebo", "embedded + harmful")


def run(arm: str, seed: int, budget_s: float = BUDGETS_S[0]) -> Ran:
    """Run one campaign of an arm."""
    says = next((name for name in MODELS if name in arm), "")
    script = MODELS[says](Random(seed)) if says else roles.calm
    with TemporaryDirectory() as folder, serving(script) as server:
        setting = Setting(
            url=server.url,
            directory=Path(folder),
            price=PRICE,
            tokens=400_000,
            micros=4_000_000,
            found=roles.Material(),
        )
        made = configuration(setting)
        w = Shared(
            truth=Truth(effects=EFFECTS),
            budget_s=budget_s,
            policy=Policy(seed=seed, calibration_seeds=3, looks=(1, 2), finalists=2),
            calls=Envelope(model=made.terms, tokens=setting.tokens, micros=setting.micros),
            directory=setting.directory,
            catalogue="alone" not in arm or "embedded" in arm,
        )
        if says:
            w.minds = (_source(w, setting),)
        c = w.run()
        return Ran(truly=_truly(w, c), scores={p.name: p for p in proposers(c)})


def _source(w: World, setting: Setting) -> ModelSource:
    code = roles.codebase(roles.Material())
    return ModelSource(
        model=model(w, setting), directory=setting.directory, insights=MemoryInsights(), code=lambda _: code
    )


def _truly(w: World, c: Campaign) -> float:
    """Return what the confirmed change is really worth, in the simulated world that knows it; 0 where none was."""
    found = c.proposal is not None and c.proposal.finding is not None
    return w.truth.effect(c.proposal.change) if found and c.proposal is not None else 0.0


def table(pool: Executor, seeds: int, budget_s: float) -> Iterator[str]:
    """Yield one line an arm: the true improvement over seeds, and what every proposer verified for an hour and for money."""
    alone: list[float] = []
    asked = {arm: [pool.submit(run, arm, seed, budget_s) for seed in range(seeds)] for arm in ARMS}
    for arm, campaigns in asked.items():
        ran = [one.result() for one in campaigns]
        worth = [r.truly for r in ran]
        alone = alone or worth
        pairs = [x - y for x, y in zip(worth, alone, strict=True)]
        error = (sum((p - fmean(pairs)) ** 2 for p in pairs) / max(1, seeds - 1) / seeds) ** 0.5
        against = f", {fmean(pairs):+.2%} ± {2 * error:.2%} against it alone" if arm != ARMS[0] else ""
        yield f"  {arm:20} {fmean(worth):.2%} of {BEST:.2%}{against}; {_scored(ran)}"


def _scored(ran: Sequence[Ran]) -> str:
    """Return each proposer's verified gain per device-hour and per unit of money over all campaigns of an arm."""
    parts = []
    for name in (SourceName.RESEARCH, SourceName.MODEL, "search"):
        own = [r.scores[name] for r in ran if name in r.scores]
        hours, money = sum(p.spent_ms for p in own) / 3.6e6, sum(p.money or 0.0 for p in own)
        gain, tokens = sum(p.gain for p in own), sum(p.tokens for p in own)
        if own:
            each = f" ({tokens / len(ran):,.0f} tokens a campaign)" if tokens else ""
            rates = [f"{gain / spent:.1%} {unit}" for spent, unit in ((hours, "an hour"), (money, "a dollar")) if spent]
            parts.append(f"{name} {', '.join(rates)}{each}")
    return "; ".join(parts)
