"""What a change may lose by breaking under the next seed, told by the changes that have broken in this campaign. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.lever import Scalar
from rea.planner.arms import Arm, broken, field

LOST = 1.0  # relative: a training that broke is worth nothing


def risk_adjusted(c: Campaign) -> Callable[[Arm], float]:
    """Return what tells of an arm what is believed of it, less what it is expected to lose by breaking under the next seed.

    As large a share of changes as has broken, of all or of those with its most suspect setting, may break, under any share of seeds alike: such a
    change has ``r`` good runs with probability 1 / (r + 1), and then breaks with probability 1 / (r + 2) (Laplace's rule of succession).
    """
    bad = [c.experiments[e].change for e in broken(c)]
    if not bad:
        return lambda arm: arm.mean
    failed, ran = _settings(bad), _settings(arm.change for arm in field(c))
    overall = len(bad) / (len(bad) + len(field(c)))

    def worth(arm: Arm) -> float:
        fragile = max([overall, *(failed[o] / (failed[o] + ran[o] + 1) for o in arm.change.overrides)])
        passed = fragile / (arm.runs + 1)
        return arm.mean - LOST * passed / (passed + 1 - fragile) / (arm.runs + 2)

    return worth


def _settings(changes: Iterable[Change]) -> Counter[tuple[str, Scalar]]:
    return Counter(setting for change in changes for setting in change.overrides)
