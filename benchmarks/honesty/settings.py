"""What the campaigns are simulated in: true effects, noise, bursts, failures and budgets. Effects are in seed standard deviations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

SEED_SD = 0.004  # relative improvement; every other size is a multiple of it
HELP = 2.0  # the effect that has to be found
Effects = Callable[[Random], Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One kind of campaign. ``rows`` is the row noise of a difference of two changes, ``jobs`` what the budget pays for in full trainings.

    ``loud`` says by how much more a lever's runs scatter, given its place and its effect; ``tails`` are Student's with three degrees of freedom;
    ``bursts``: bad stretches, in which every run that starts comes out worse; ``failing``: stretches in which every job fails; ``series``: so many
    campaigns, one after the other, open one test set.
    """

    name: str
    effects: Effects
    hypotheses: int = 10
    jobs: int = 40
    rows: float = 0.5
    interaction: float = 0.0
    loud: Callable[[int, float], float] = lambda place, effect: 1.0
    tails: bool = False
    bursts: bool = False
    failing: bool = False
    rungs: bool = False
    series: int = 1
    power: bool = (
        False  # whether the bar of power applies: one hypothesis of ten helps by HELP, and the budget is 40 trainings
    )


def nothing(dice: Random) -> Sequence[float]:
    return [0.0] * 10


def one(dice: Random) -> Sequence[float]:
    effects = [HELP] + [0.0] * 9
    dice.shuffle(effects)
    return effects


def dense(dice: Random) -> Sequence[float]:
    return [dice.gauss(0.0, 1.5) for _ in range(10)]


def mostly_harm(dice: Random) -> Sequence[float]:
    effects = [HELP, HELP] + [-abs(dice.gauss(0.0, 1.0)) for _ in range(8)]
    dice.shuffle(effects)
    return effects


def slight_harm(dice: Random) -> Sequence[float]:
    return [-0.25] * 10


SETTINGS: tuple[Setting, ...] = (
    Setting(name="null", effects=nothing),
    Setting(name="null, heavy tails", effects=nothing, tails=True),
    Setting(name="null, bursts of bad runs", effects=nothing, bursts=True),
    Setting(name="null, bursts and heavy tails", effects=nothing, bursts=True, tails=True),
    Setting(name="null, bursts of failures", effects=nothing, failing=True),
    Setting(name="null, changes twice as noisy", effects=nothing, loud=lambda place, effect: 2.0),
    Setting(name="null, two levers four times as noisy", effects=nothing, loud=lambda place, effect: 4.0 if place < 2 else 1.0),
    Setting(name="null, 30 trainings", effects=nothing, jobs=30),
    Setting(name="null, 80 trainings for six, each alone, cheap rung", effects=nothing, hypotheses=6, jobs=80, rungs=True),
    Setting(name="null, five campaigns on one test set", effects=nothing, series=5),
    Setting(name="all harm slightly", effects=slight_harm),
    Setting(name="one of ten helps by 2 sd", effects=one, rows=0.25, power=True),
    Setting(name="one of ten helps by 2 sd, heavy tails", effects=one, rows=0.25, tails=True, power=True),
    Setting(name="one of ten helps by 2 sd, few test rows", effects=one, rows=0.5),
    Setting(name="dense", effects=dense),
    Setting(name="dense, bursts and heavy tails", effects=dense, bursts=True, tails=True),
    Setting(name="dense, better is noisier", effects=dense, loud=lambda place, effect: 1 + 0.4 * max(effect, 0.0)),
    Setting(name="two help, the rest harm and pairs conflict", effects=mostly_harm, interaction=-0.15),
)  # fmt: skip
