"""What the next few runs are expected to be worth, once runs have spoken: told from the belief, before they are paid for. Pure."""

from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect
from rea.planner.promise import DRAWS, effect
from rea.planner.screening import belief, generation
from rea.planner.threads import by_one_thread

TOPS = 12  # of the changes that ran: what the next ones have to beat


@by_one_thread
def further(c: Campaign, runs: int) -> tuple[Effect, float] | None:
    """Return by how much ``runs`` more, each where it promises most, raise the best that is believed, and how often it would be another change.

    The mean of all cases, and the 80 % interval of those in which the best is another one. None while no run has spoken.
    """
    import numpy as np

    now = belief(c)
    wanted = generation(c, runs, len(c.jobs)) if now is not None else []
    if now is None or not wanted:
        return None
    means, _ = now.of(now.design.changes)
    best = sorted(range(len(means)), key=lambda i: -means[i])[:TOPS]
    changes = list(dict.fromkeys([*(now.design.changes[i] for i in best), *wanted]))
    mean, covariance = now.joint(changes)
    rows = np.zeros((len(wanted), len(changes)))
    for row, change in enumerate(wanted):
        rows[row, changes.index(change)] = 1.0
    cross = covariance @ rows.T
    learnt = cross @ np.linalg.solve(rows @ cross + now.design.typical**2 * np.eye(len(wanted)), cross.T)
    dice = np.random.default_rng(c.policy.seed + 30_000)
    after = dice.multivariate_normal(mean, learnt, size=DRAWS, method="eigh")
    gains = np.maximum(after.max(axis=1), 0.0) - max(float(mean.max()), 0.0)
    other = after.argmax(axis=1) != int(mean.argmax())
    return effect(gains, gains[other]), float(other.mean())
