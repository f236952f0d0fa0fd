"""What the plain log leaves out and a setting may add: days that are off, clicks that beget clicks, late conversions.

All of it is drawn from a generator of its own, so that a log without it keeps its rows.
"""

import numpy as np

from ranker.truth import Floats, Ints, Rows, Setting, World, examined, expected_sigmoid, true_logit

CONVERSION_SPREAD = 0.8  # logits, over campaigns and over segments


def shocks(setting: Setting, rng: np.random.Generator) -> Floats:
    """One logit a day that all its rows share."""
    return rng.normal(size=setting.days) * setting.day_shock


def clicks(setting: Setting, world: World, rows: Rows, rng: np.random.Generator) -> tuple[np.ndarray, Ints, Floats]:
    """Clicks where a user's last clicks matter: (click, the campaigns of those clicks, share of this row's among them).

    All users move on together, one impression at a time. The newest click comes first, -1 stands for none.
    """
    logit, draw = true_logit(setting, world, rows), rng.random(setting.rows)
    order = np.argsort(rows.user, kind="stable")
    count = np.bincount(rows.user, minlength=setting.users)
    turn = np.empty(setting.rows, np.int64)
    turn[order] = np.arange(setting.rows) - np.repeat(np.cumsum(count) - count, count)
    by_turn, ends = np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))
    recent = np.full((setting.users, setting.clicks_kept), -1, np.int64)
    seen, share = np.empty((setting.rows, setting.clicks_kept), np.int64), np.empty(setting.rows)
    click = np.empty(setting.rows, bool)
    for mine in np.split(by_turn, ends[:-1]):
        user, campaign = rows.user[mine], rows.campaign[mine]
        seen[mine] = recent[user]
        share[mine] = (recent[user] == campaign[:, None]).mean(axis=1)
        now = logit[mine] + setting.clicks_effect * share[mine]
        p = examined(rows.position[mine]) * expected_sigmoid(now, np.full(len(mine), setting.noise**2))
        click[mine] = draw[mine] < p
        clicked = user[click[mine]]
        recent[clicked, 1:] = recent[clicked, :-1]
        recent[clicked, 0] = campaign[click[mine]]
    return click, seen, share


def conversions(
    setting: Setting, rows: Rows, click: np.ndarray, best: Floats, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Conversions of clicks, after an exponential delay; what had been seen of them when training began.

    ``outcome_conversion`` is the truth. ``outcome_conversion_seen`` misses, in training and validation rows, those that
    came after the last validation day. ``p_bayes_conversion`` is the best probability of click and conversion.
    """
    logit = (rng.normal(size=setting.campaigns) * CONVERSION_SPREAD)[rows.campaign]
    logit += (rng.normal(size=setting.segments) * CONVERSION_SPREAD)[rows.segment]
    given_click = 1.0 / (1.0 + np.exp(-(logit + _intercept(logit[click], setting.conversion_rate))))
    converted = click & (rng.random(setting.rows) < given_click)
    delay = np.where(converted, rng.exponential(setting.conversion_delay, setting.rows), np.nan)
    cut_off = setting.train_days + setting.valid_days
    time = rows.day + (rows.hour + rng.random(setting.rows)) / 24
    seen = converted & ((rows.day >= cut_off) | (time + delay < cut_off))
    return {
        "outcome_conversion": converted.astype(np.int8),
        "outcome_conversion_seen": seen.astype(np.int8),
        "outcome_delay_days": delay,
        "p_bayes_conversion": best * given_click,
    }


def _intercept(logit: Floats, rate: float) -> float:
    low, high = -15.0, 15.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if (1.0 / (1.0 + np.exp(-(logit + middle)))).mean() < rate else (low, middle)
    return (low + high) / 2
