"""The known truth behind the synthetic log: who could have clicked on what, and with which probability."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLACEMENTS, DEVICES, COUNTRIES, WEEKDAYS, HOURS, POSITIONS = 5, 4, 12, 7, 24, 8


@dataclass(frozen=True, slots=True)
class Setting:
    """Sizes of a log and the standard deviations, in logits, of what makes up a click."""

    rows: int
    users: int
    ads: int
    campaigns: int = 40
    segments: int = 12
    days: int = 14
    train_days: int = 10
    valid_days: int = 2
    click_rate: float = 0.15
    popularity: float = 0.8  # exponent of the ads' Zipf law
    history: float = 20.0  # days before the log in which its first ads were launched
    context: float = 1.5  # placement, device, country, hour and weekday together
    user: float = 0.60  # the user's segment and the user's own
    ad: float = 0.70  # the ad's campaign and the ad's own
    affinity: float = 0.20  # <user, ad>: segment and campaign means plus each id's own part
    crossed: float = 0.20  # placement x campaign
    third_order: float = 0.10  # <segment, campaign, placement>
    numeric: float = 0.25  # non-linear effects of bid and phase
    fatigue: float = 0.28  # logits lost per unit of log(1 + age of the ad in days)
    walk: float = 0.06  # a campaign's random step per day
    noise: float = 0.20  # what nobody observes
    own_share: float = 0.12  # share of the variance of user, ad and affinity that is the id's own
    rank: int = 2
    # off by default
    settled: bool = False  # affinities of exactly the wanted deviation over the rows
    day_shock: float = 0.0  # logits that all rows of a day share, anew each day
    clicks_kept: int = 0  # last clicks of a user that a row shows, as a list of campaigns
    clicks_effect: float = 0.0  # logits for a user whose kept clicks are all on this row's campaign
    conversion_rate: float = 0.0  # share of the clicks that convert
    conversion_delay: float = 1.5  # days, the mean of an exponential


@dataclass(frozen=True, slots=True)
class Rows:
    """What was shown: one entry a row in every array, ids from 0."""

    day: Ints
    hour: Ints
    weekday: Ints
    user: Ints
    ad: Ints
    placement: Ints
    device: Ints
    country: Ints
    position: Ints
    bid: Floats
    phase: Floats
    segment: Ints
    campaign: Ints
    age: Floats  # days since the ad was launched


@dataclass(frozen=True, slots=True)
class World:
    """Everything drawn once: effects and vectors of segments, campaigns, users and ads."""

    user_bias: Floats
    ad_bias: Floats
    user_mean: Floats  # (users, rank): the vector of the user's segment
    user_own: Floats
    ad_mean: Floats
    ad_own: Floats
    segment_effect: Floats
    campaign_effect: Floats
    context: tuple[Floats, ...]
    crossed: Floats
    third: tuple[Floats, Floats, Floats]
    walk: Floats  # (campaigns, days)
    intercept: float
    shock: Floats  # (days,)


def draw_world(setting: Setting, segment: Ints, campaign: Ints, rng: np.random.Generator) -> World:
    """Draw a world; ``segment`` is (users,), ``campaign`` (ads,). The intercept is zero until solved for."""
    own, shared = np.sqrt(setting.own_share), np.sqrt(1.0 - setting.own_share)
    vector = np.sqrt(setting.affinity / np.sqrt(setting.rank))  # so that <user, ad> has the wanted deviation
    segments = rng.normal(size=(setting.segments, setting.rank)) * vector * shared
    campaigns = rng.normal(size=(setting.campaigns, setting.rank)) * vector * shared
    sizes = (PLACEMENTS, DEVICES, COUNTRIES, HOURS, WEEKDAYS)
    steps = rng.normal(size=(setting.campaigns, setting.days)) * setting.walk
    return World(
        user_bias=rng.normal(size=setting.users) * setting.user * own,
        ad_bias=rng.normal(size=setting.ads) * setting.ad * own,
        user_mean=segments[segment],
        user_own=rng.normal(size=(setting.users, setting.rank)) * vector * own,
        ad_mean=campaigns[campaign],
        ad_own=rng.normal(size=(setting.ads, setting.rank)) * vector * own,
        segment_effect=_spread(setting.segments, setting.user * shared, rng),
        campaign_effect=_spread(setting.campaigns, setting.ad * shared, rng),
        context=tuple(_spread(n, setting.context / np.sqrt(len(sizes)), rng) for n in sizes),
        crossed=rng.normal(size=(PLACEMENTS, setting.campaigns)) * setting.crossed,
        third=_third_order(setting, rng),
        walk=steps.cumsum(axis=1),
        intercept=0.0,
        shock=np.zeros(setting.days),
    )


def settled(setting: Setting, world: World, rows: Rows) -> World:
    """The world with affinities of segments and campaigns scaled so that, over the rows shown, they deviate as wanted: few campaigns take most
    rows, so how much tastes differ would otherwise be drawn with each log. What an affinity adds for all users or all ads is not counted."""
    user = world.user_mean - world.user_mean[rows.user].mean(axis=0)
    ad = world.ad_mean - world.ad_mean[rows.ad].mean(axis=0)
    drawn = (user[rows.user] * ad[rows.ad]).sum(axis=1).std()
    scale = np.sqrt(setting.affinity * (1.0 - setting.own_share) / drawn)
    return replace(world, user_mean=world.user_mean * scale, ad_mean=world.ad_mean * scale)


def _spread(size: int, deviation: float, rng: np.random.Generator) -> Floats:
    """Normal draws of exactly the wanted deviation, so that one log is about as hard as the next."""
    drawn = rng.normal(size=size)
    return (drawn - drawn.mean()) / drawn.std() * deviation


def _third_order(setting: Setting, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    scale = np.cbrt(setting.third_order / np.sqrt(setting.rank))
    segment, campaign, placement = (
        rng.normal(size=(n, setting.rank)) * scale for n in (setting.segments, setting.campaigns, PLACEMENTS)
    )
    return segment, campaign, placement


def examined(position: Ints) -> Floats:
    """The probability that a position (from 1) is looked at at all."""
    return 1.0 / (1.0 + 0.12 * (position - 1.0))


def known_logit(setting: Setting, world: World, rows: Rows) -> Floats:
    """The part of the logit that depends on no id's own residual, nor on the campaigns' walk."""
    by_context = (rows.placement, rows.device, rows.country, rows.hour, rows.weekday)
    logit = world.intercept + world.segment_effect[rows.segment] + world.campaign_effect[rows.campaign]
    for effect, ids in zip(world.context, by_context, strict=True):
        logit += effect[ids]
    logit += world.crossed[rows.placement, rows.campaign]
    segment, campaign, placement = world.third
    logit += (segment[rows.segment] * campaign[rows.campaign] * placement[rows.placement]).sum(axis=1)
    logit += (world.user_mean[rows.user] * world.ad_mean[rows.ad]).sum(axis=1)
    return logit + numeric_logit(setting, rows.bid, rows.phase) - setting.fatigue * np.log1p(rows.age)


def numeric_logit(setting: Setting, bid: Floats, phase: Floats) -> Floats:
    """A bump in the logarithm of the heavy-tailed ``bid`` and a wave in ``phase`` (0 to 1)."""
    bump = np.exp(-0.5 * np.square((np.log(bid) - 0.5) / 0.7))
    return setting.numeric * (2.0 * (bump - 0.6) + np.sin(4.0 * np.pi * phase))


def true_logit(setting: Setting, world: World, rows: Rows) -> Floats:
    """The logit with every id known, but for the noise and for what a user clicked before."""
    logit = known_logit(setting, world, rows) + world.walk[rows.campaign, rows.day]
    logit += world.user_bias[rows.user] + world.ad_bias[rows.ad] + _own_affinity(world, rows.user, rows.ad)
    return logit + world.shock[rows.day]


def true_probability(setting: Setting, world: World, rows: Rows, more: Floats | float = 0.0) -> Floats:
    """The probability of a click with every id known, the unobserved noise integrated out; ``more`` adds to logits."""
    logit = true_logit(setting, world, rows) + more
    return examined(rows.position) * expected_sigmoid(logit, np.full(len(logit), setting.noise**2))


def _own_affinity(world: World, user: Ints, ad: Ints) -> Floats:
    own = (world.user_own[user] * world.ad_mean[ad]).sum(axis=1)
    return own + ((world.user_mean[user] + world.user_own[user]) * world.ad_own[ad]).sum(axis=1)


def expected_sigmoid(mean: Floats, variance: Floats, points: int = 16) -> Floats:
    """E[sigmoid(z)] for z ~ Normal(mean, variance), by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    spread = np.sqrt(2.0 * variance)
    total = np.zeros_like(mean)
    for node, weight in zip(nodes, weights, strict=True):
        total += weight / (1.0 + np.exp(-(mean + spread * node)))
    return total / np.sqrt(np.pi)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Per row: whether the user, and the ad, was never shown on a training day."""

    user: NDArray[np.bool_]
    ad: NDArray[np.bool_]


def knowable_probability(
    setting: Setting,
    world: World,
    rows: Rows,
    unseen: Unseen,
    rng: np.random.Generator,
    draws: int = 64,
    more: Floats | float = 0.0,
) -> Floats:
    """The best probability a learner of the training days could know: own residuals of unseen ids, and the
    campaigns' steps and the shocks of days after the last training day, are integrated out; everything else is known exactly.

    Given the user's vector the rest is normal, so only rows with both ids unseen need ``draws`` of that vector.
    """
    last = setting.train_days - 1
    logit = known_logit(setting, world, rows) + world.walk[rows.campaign, np.minimum(rows.day, last)] + more
    logit += np.where(rows.day > last, 0.0, world.shock[rows.day])
    variance = setting.noise**2 + setting.walk**2 * np.maximum(rows.day - last, 0)
    variance += setting.day_shock**2 * (rows.day > last)
    user = np.where(unseen.user[:, None], 0.0, world.user_own[rows.user])
    probability = _given_user(setting, world, rows, unseen, (logit, variance, user))
    both = np.flatnonzero(unseen.user & unseen.ad)
    if not len(both):
        return probability
    part, cold = take(rows, both), Unseen(np.ones(len(both), bool), np.ones(len(both), bool))
    total = np.zeros(len(both))
    for _ in range(draws):
        guess = rng.normal(size=(len(both), setting.rank)) * _own_deviation(setting)
        total += _given_user(setting, world, part, cold, (logit[both], variance[both], guess), vector_known=True)
    probability[both] = total / draws
    return probability


def _own_deviation(setting: Setting) -> float:
    return float(np.sqrt(setting.affinity / np.sqrt(setting.rank) * setting.own_share))


def _given_user(
    setting: Setting,
    world: World,
    rows: Rows,
    unseen: Unseen,
    parts: tuple[Floats, Floats, Floats],
    vector_known: bool = False,
) -> Floats:
    logit, variance, user_own = parts
    mean, own, square = logit.copy(), setting.own_share, _own_deviation(setting) ** 2
    ad_own = np.where(unseen.ad[:, None], 0.0, world.ad_own[rows.ad])
    user, ad = world.user_mean[rows.user] + user_own, world.ad_mean[rows.ad] + ad_own
    mean += (user_own * world.ad_mean[rows.ad]).sum(axis=1) + (user * ad_own).sum(axis=1)
    mean += np.where(unseen.user, 0.0, world.user_bias[rows.user]) + np.where(unseen.ad, 0.0, world.ad_bias[rows.ad])
    spread = variance + unseen.user * setting.user**2 * own + unseen.ad * setting.ad**2 * own
    spread += unseen.ad * square * np.square(user).sum(axis=1)
    if not vector_known:
        spread += unseen.user * square * np.square(ad).sum(axis=1)
    return examined(rows.position) * expected_sigmoid(mean, spread)


def take(rows: Rows, index: Ints) -> Rows:
    """The rows at ``index``."""
    return Rows(*(getattr(rows, name)[index] for name in Rows.__slots__))
