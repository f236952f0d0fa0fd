"""One world that the plan's predictions, or what has been measured since, hold for possible: what each setting is worth. Drawn, not known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from math import exp, sqrt
from random import Random
from statistics import fmean

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.hypothesis import Hypothesis
from rea.domain.lever import Lever, Scalar
from rea.planner.arms import INTERVAL_80, LEAST_SPREAD
from rea.planner.belief import INTERACTIONS
from rea.planner.kernel import ALIKE, place
from rea.planner.promise import NULL_SHARE
from rea.planner.screening import belief

Setting = tuple[str, Scalar]


@dataclass(slots=True)
class Truth:
    """What settings are worth in one play, as relative improvements; ``scale`` is how large they are typically, ``seed`` names the play."""

    levers: dict[str, Lever]
    seed: str
    scale: float
    worth: dict[Setting, float] = field(default_factory=dict)

    def effect(self, change: Change) -> float:
        """Return the true effect of a change: its settings, and a little for each two of them."""
        turned = [s for s in settings_of(change) if s[0] not in self.levers or s[1] != self.levers[s[0]].default]
        pairs = sum(self._pair(a, b) for a, b in combinations(sorted(turned, key=str), 2))
        return sum(self._worth(setting) for setting in turned) + pairs

    def suppose(self, hypotheses: Iterable[Hypothesis]) -> None:
        """Draw what is not known yet of hypotheses, the simplest first: half of them do nothing, the others what they predict or so."""
        for h in sorted(hypotheses, key=lambda h: len(settings_of(h.change))):
            spread = max(LEAST_SPREAD, (h.predicted.high - h.predicted.low) / INTERVAL_80)
            dice = self._dice("hypothesis", h.id)
            drawn = 0.0 if dice.random() < NULL_SHARE else dice.gauss(h.predicted.value, spread)
            self._settle(h.change, drawn)

    def learn(self, changes: Sequence[Change], drawn: Sequence[float]) -> None:
        """Take over what was drawn of changes from what has been measured."""
        for change, effect in zip(changes, drawn, strict=True):
            self._settle(change, effect)

    def _settle(self, change: Change, effect: float) -> None:
        """Divide what is left of an effect among the settings that have none yet."""
        settings = settings_of(change)
        fresh = [s for s in settings if s not in self.worth]
        known = sum(self.worth[s] for s in settings if s in self.worth)
        for setting in fresh:
            self.worth[setting] = (effect - known) / len(fresh)

    def _worth(self, setting: Setting) -> float:
        if setting not in self.worth:
            self.worth[setting] = self._between(setting)
        return self.worth[setting]

    def _between(self, setting: Setting) -> float:
        """Return what a value is worth of which nobody spoke: of a number, what its neighbours are, the default among them; of a word, anything."""
        name, value = setting
        lever = self.levers.get(name)
        if lever is None or not lever.numeric:
            return self._dice("word", setting).gauss(0, self.scale / 2)
        here = place(lever, value)
        near = [(place(lever, v), worth) for (n, v), worth in self.worth.items() if n == name]
        weights = [(exp(-(((here - there) / ALIKE) ** 2) / 2), worth) for there, worth in near]
        home = exp(-(((here - place(lever, lever.default)) / ALIKE) ** 2) / 2)
        return sum(w * worth for w, worth in weights) / max(1e-9, home + sum(w for w, _ in weights))

    def _pair(self, one: Setting, other: Setting) -> float:
        return self._dice("pair", one, other).gauss(0, self.scale * fmean(INTERACTIONS))

    def _dice(self, *parts: object) -> Random:
        return Random(sha256(repr((self.seed, *parts)).encode()).digest())  # noqa: S311 a simulation


def settings_of(change: Change) -> list[Setting]:
    """Return the settings of a change, its patches among them."""
    return [*change.overrides, *((f"patch {patch.digest}", True) for patch in change.patches)]


def imagine(c: Campaign, number: int) -> Truth:
    """Return play ``number``'s world: from what the hypotheses predict, and where runs have spoken, from what is believed since."""
    spreads = [(h.predicted.high - h.predicted.low) / INTERVAL_80 for h in c.hypotheses.values()]
    scale = sqrt(fmean(x * x for x in spreads)) if spreads else LEAST_SPREAD
    levers = {lever.name: lever for lever in c.setup.levers}
    truth = Truth(levers, f"{c.id} {c.policy.seed} {number}", scale)
    now = belief(c)
    if now is not None:
        import numpy as np

        counted = Counter(s for seen in now.design.changes for s in settings_of(seen))
        known = [Change(overrides=(s,)) for s in counted if s[0] in levers]
        if known:
            mean, covariance = now.joint(known)
            dice = np.random.default_rng(int(sha256(truth.seed.encode()).hexdigest()[:12], 16))
            truth.learn(known, [float(x) for x in dice.multivariate_normal(mean, covariance, method="eigh")])
    truth.suppose(c.hypotheses.values())
    return truth
