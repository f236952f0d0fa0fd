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


def entropy(p):
    return float(-(p * np.log(p) + (1 - p) * np.log1p(-p)).mean())


def test_the_bayes_optimal_entropy_computed_is_the_one_measured_and_a_constant_scores_one():
    columns = generate(replace(DEMO, rows=120_000), 9)
    train = columns["split"] == "train"
    label, p = columns["click"][train].astype(float), columns["p_bayes"][train]
    rate = label.mean()
    computed, measured = entropy(p) / entropy(np.array([rate])), metrics.normalized_entropy(label, p)
    draws = np.random.default_rng(0).random((40, len(p))) < p  # the same rows, clicked anew
    again = [metrics.log_loss(drawn.astype(float), p) / entropy(np.array([rate])) for drawn in draws]
    assert np.mean(again) == pytest.approx(computed, abs=4 * np.std(again) / np.sqrt(40))
    assert measured == pytest.approx(computed, abs=4 * np.std(again))
    assert metrics.normalized_entropy(label, np.full(len(label), rate)) == pytest.approx(1.0, abs=1e-12)


def test_the_true_model_reaches_it_and_no_recalibration_of_it_does_better():
    from ranker import calibrate

    columns = generate(replace(DEMO, rows=120_000), 9)
    train = columns["split"] == "train"
    label, p = columns["click"][train].astype(float), columns["p_bayes"][train]
    logit = np.log(p / (1 - p))
    slope, shift = calibrate.fit("platt", logit, label)
    assert slope == pytest.approx(1.0, abs=0.03) and shift == pytest.approx(0.0, abs=0.05)
    fitted = calibrate.sigmoid(calibrate.apply((slope, shift), logit))
    assert metrics.normalized_entropy(label, p) - metrics.normalized_entropy(label, fitted) < 2e-4


def deviation_of_affinity(setting, drawn, rows):
    user = drawn.user_mean[rows.user] - drawn.user_mean[rows.user].mean(axis=0)
    ad = drawn.ad_mean[rows.ad] - drawn.ad_mean[rows.ad].mean(axis=0)
    return (user * ad).sum(axis=1).std()


def test_settled_tastes_differ_as_wanted_and_drawn_ones_do_not(world):
    setting, drawn, rows, _ = world
    wanted = setting.affinity * (1.0 - setting.own_share)
    settled = truth.settled(setting, drawn, rows)
    assert deviation_of_affinity(setting, settled, rows) == pytest.approx(wanted)
    assert deviation_of_affinity(setting, drawn, rows) != pytest.approx(wanted, rel=0.02)
    assert SETTINGS["default"].settled and not DEMO.settled


CALM = replace(DEMO, rows=60_000, users=600, ads=150)


def test_what_is_off_by_default_changes_no_row_of_a_log_without_it():
    plain, with_conversions = generate(CALM, 3), generate(replace(CALM, conversion_rate=0.1), 3)
    assert all((plain[name] == with_conversions[name]).all() for name in plain)
    assert set(with_conversions) - set(plain) == {
        "outcome_conversion",
        "outcome_conversion_seen",
        "outcome_delay_days",
        "p_bayes_conversion",
    }


def test_conversions_come_late_and_those_after_the_cut_off_are_not_seen():
    setting = replace(CALM, conversion_rate=0.2, conversion_delay=2.0)
    log = generate(setting, 4)
    truth_, seen, click = (log[name] == 1 for name in ("outcome_conversion", "outcome_conversion_seen", "click"))
    assert not (truth_ & ~click).any() and not (seen & ~truth_).any()
    assert truth_[click].mean() == pytest.approx(0.2, abs=0.02)
    assert log["outcome_delay_days"][truth_].mean() == pytest.approx(2.0, rel=0.1)
    assert np.isnan(log["outcome_delay_days"][~truth_]).all()
    known = [seen[(log["day"] == day) & truth_].mean() for day in (0, 8, 11, 12)]
    assert known[0] > 0.98 > known[1] > known[2] and known[3] == 1.0
    p = log["p_bayes_conversion"]
    early = log["day"] < setting.train_days
    assert abs((truth_ - p)[early].sum()) < 4.5 * np.sqrt((p * (1 - p))[early].sum() + 25)


def test_earlier_clicks_are_those_of_the_user_newest_first_and_matter_as_said():
    setting = replace(CALM, clicks_kept=4, clicks_effect=2.0)
    log = generate(setting, 5)
    expected = {}
    for row in range(8_000):
        user = log["user"][row]
        mine = expected.setdefault(user, [])
        assert [each for each in log["clicked"][row] if each >= 0] == mine
        if log["click"][row]:
            expected[user] = [log["campaign"][row], *mine][:4]
    train, label, p = log["split"] == "train", log["click"].astype(float), log["p_bayes"]
    share = (log["clicked"] == log["campaign"][:, None]).mean(axis=1)
    for part in (train & (share == 0), train & (share > 0)):  # the truth is calibrated whatever was clicked before
        assert abs((label - p)[part].sum()) < 4.5 * np.sqrt((p * (1 - p))[part].sum())
    assert label[train & (share > 0)].mean() > label[train & (share == 0)].mean()


def test_the_sequence_is_written_as_a_list_and_left_alone_by_a_training(tmp_path, trained):
    import pyarrow.parquet as pq

    setting = replace(SETTINGS["tiny"], clicks_kept=3, clicks_effect=1.0, conversion_rate=0.1)
    synthetic.write(generate(setting, 1), tmp_path / "log.parquet")
    lengths = {len(each) for each in pq.read_table(tmp_path / "log.parquet")["clicked"].to_pylist()}
    assert lengths == {0, 1, 2, 3}
    assert trained(tmp_path / "log.parquet", "rows=0.3")[1] == 0


def test_shocks_of_later_days_are_integrated_out():
    setting = replace(CALM, day_shock=0.8, walk=0.0)
    calm, shocked = (generate(each, 6) for each in (replace(setting, day_shock=0.0), setting))

    def day_to_day(log, days):
        off = [(log["click"] - log["p_bayes"])[log["day"] == day].mean() for day in days]
        return np.std(off)

    assert day_to_day(shocked, range(10)) < 0.015  # known to who saw those days
    assert day_to_day(calm, (10, 11, 12, 13)) < 0.02 < day_to_day(shocked, (10, 11, 12, 13))


def test_the_command_line_changes_a_setting_and_says_what_there_is(tmp_path, capfd):
    out = ["--setting", "tiny", "--out", str(tmp_path / "log.parquet")]
    assert synthetic.main([*out, "click_rate=0.4", "rows=2000"]) == 0
    assert "2000 rows" in capfd.readouterr().out
    assert synthetic.main([*out, "clickrate=0.4"]) == 2 and "'click_rate'" in capfd.readouterr().err
    assert synthetic.main([*out, "rows=many"]) == 2 and "not a int" in capfd.readouterr().err
