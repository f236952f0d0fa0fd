"""The truths of the generator, by simulation and not by its own formulas."""

from dataclasses import replace

import numpy as np
import pytest

from ranker import metrics, synthetic, truth
from ranker.synthetic import DEMO, SETTINGS, generate


@pytest.fixture(scope="module")
def world():
    setting = replace(SETTINGS["tiny"], own_share=0.5, walk=0.3, affinity=0.6, rows=4_000)
    rng = np.random.default_rng(3)
    segment, campaign = rng.integers(0, setting.segments, setting.users), synthetic._campaign_of(setting, rng)
    rows = synthetic._impressions(setting, rng, (segment, campaign, synthetic._launches(setting, rng)))
    drawn = truth.draw_world(setting, segment, campaign, rng)
    return setting, replace(drawn, intercept=-1.0), rows, synthetic._unseen(setting, rows)


def redrawn(setting, world, unseen_ids, rng):
    """The same world with all that no learner of the training days knows drawn anew."""
    user, ad = unseen_ids
    own = setting.own_share
    spread = np.sqrt(setting.affinity / np.sqrt(setting.rank) * own)
    parts = {name: getattr(world, name).copy() for name in ("user_bias", "user_own", "ad_bias", "ad_own", "walk")}
    parts["user_bias"][user] = rng.normal(size=len(user)) * setting.user * np.sqrt(own)
    parts["ad_bias"][ad] = rng.normal(size=len(ad)) * setting.ad * np.sqrt(own)
    parts["user_own"][user] = rng.normal(size=(len(user), setting.rank)) * spread
    parts["ad_own"][ad] = rng.normal(size=(len(ad), setting.rank)) * spread
    last = parts["walk"][:, [setting.train_days - 1]]
    later = rng.normal(size=(setting.campaigns, setting.days - setting.train_days)) * setting.walk
    parts["walk"][:, setting.train_days :] = last + later.cumsum(axis=1)
    return replace(world, **parts)


def test_the_best_knowable_probability_is_the_mean_over_what_cannot_be_known(world):
    setting, drawn, rows, unseen = world
    both = np.flatnonzero(unseen.user & unseen.ad)
    cold = np.flatnonzero(unseen.user ^ unseen.ad)[:200]
    warm = np.flatnonzero((rows.day >= setting.train_days) & ~unseen.user & ~unseen.ad)[:200]
    assert len(both) >= 5 and len(cold) >= 50
    index = np.concatenate([both, cold, warm])
    part = truth.take(rows, index)
    ids = np.unique(rows.user[unseen.user]), np.unique(rows.ad[unseen.ad])
    rng = np.random.default_rng(0)
    draws = np.stack([truth.true_probability(setting, redrawn(setting, drawn, ids, rng), part) for _ in range(3_000)])

    def error(user, ad):
        unknown = truth.Unseen(user[index], ad[index])
        claimed = truth.knowable_probability(setting, drawn, part, unknown, np.random.default_rng(1), draws=2_000)
        return (draws.mean(axis=0) - claimed) / (draws.std(axis=0) / np.sqrt(len(draws)) + 1e-6)

    right = error(unseen.user, unseen.ad)
    assert np.abs(right).max() < 5.0
    assert np.sqrt(np.mean(right**2)) < 2.0  # rows share ids, so their errors are not independent
    for wrong in (error(unseen.user & False, unseen.ad), error(unseen.user, unseen.ad & False)):
        assert np.sqrt(np.mean(wrong**2)) > 10.0


def test_noise_is_integrated_out(world):
    setting, drawn, rows, _ = world
    quiet = replace(setting, noise=0.0)
    part = truth.take(rows, np.arange(100))
    logit_free = truth.examined(part.position)
    sure = truth.true_probability(quiet, drawn, part) / logit_free
    logit = np.log(sure / (1.0 - sure))
    rng = np.random.default_rng(0)
    noisy = 1.0 / (1.0 + np.exp(-(logit + setting.noise * rng.normal(size=(20_000, 100)))))
    expected = logit_free * noisy.mean(axis=0)
    assert np.abs(truth.true_probability(setting, drawn, part) - expected).max() < 1e-3


def test_clicks_follow_the_best_probability_on_rows_whose_ids_are_known():
    columns = generate(replace(DEMO, rows=60_000), 5)
    train = columns["split"] == "train"
    label, best = columns["click"][train].astype(float), columns["p_bayes"][train]
    deviation = np.sqrt((best * (1 - best)).sum())
    assert abs((label - best).sum()) < 4 * deviation
    assert metrics.normalized_entropy(label, best) < metrics.normalized_entropy(label, np.sqrt(best * best.mean()))


@pytest.mark.parametrize("name", ["tiny", "demo"])
def test_shape_of_a_log(name):
    columns = generate(SETTINGS[name], 7)
    split, day = columns["split"], columns["day"]
    assert (np.diff(day) >= 0).all() and set(split) == {"train", "valid", "test"}
    assert day[split == "train"].max() < day[split == "valid"].min() <= day[split == "test"].min()
    assert 0.12 < columns["click"].mean() < 0.18
    assert len(np.unique(columns["row_id"])) == len(split)
    if name == "demo":
        assert (split == "test").sum() >= 20_000
        cold = ~np.isin(columns["user"][split == "test"], columns["user"][split == "train"])
        assert 0.03 < cold.mean() < 0.15


def test_a_seed_is_a_log():
    first, same, other = (generate(SETTINGS["tiny"], seed) for seed in (1, 1, 2))
    assert all((first[name] == same[name]).all() for name in first)
    assert (first["click"] != other["click"]).any()
