"""Every reader on a tiny file of its own format, written here: schema, split by time, and errors that name the line."""

import gzip

import numpy as np
import pyarrow.parquet as pq
import pytest

from ranker.readers import _text, reader_names
from ranker.readers.__main__ import main

ROWS = 60
DAY = 86_400
START = 1_511_600_000  # within the days of UserBehavior.csv


def lines(path, rows, header=None, gz=False):
    text = "".join(f"{row}\n" for row in ([header] if header else []) + list(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    if gz:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="latin1")
    return path


def criteo_row(n):
    return "\t".join([str(n % 2), *("" if n % 5 == 0 else str(n - 3) for _ in range(13)), *["68fd1e64", ""] * 13])


def criteo(to):
    return lines(to / "train.txt", map(criteo_row, range(ROWS))).parent


def avazu(to):
    header = (
        "id,click,hour,C1,banner_pos,site_id,site_domain,site_category,app_id,app_domain,app_category,device_id,"
        "device_ip,device_model,device_type,device_conn_type,C14,C15,C16,C17,C18,C19,C20,C21"
    )
    words = "1fbe01fe,f3845767,28905ebd,ecad2386,7801e8d9,07d7df22"
    device = ["a99f214a", "0123abcd"]
    rows = (
        f"1000{n},{n % 2},1410{21 + n // 24:02d}{n % 24:02d},1005,0,{words},{device[n % 2]},ddd2926e,44956a24,1,2,"
        "15706,320,50,1722,0,35,-1,79"
        for n in range(ROWS)
    )
    return lines(to / "train.csv", rows, header, gz=True).parent


def kuairand(to):
    header = (
        "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
        "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab"
    )
    rows = [
        f"{n % 7},{n},20220408,1200,{(START + n * 7_200) * 1000},{n % 2},0,0,0,0,0,{n % 2},900,1500,0,0,0,0,1"
        for n in range(ROWS)
    ]
    lines(to / "data" / "log_standard_4_08_to_4_21_pure.csv", rows[:40], header)
    lines(to / "data" / "log_standard_4_22_to_5_08_pure.csv", rows[40:], header)
    lines(to / "data" / "log_random_4_22_to_5_08_pure.csv", rows, header)
    return to


def movielens(to):
    lines(to / "u.data", (f"{n % 5 + 1}\t{n % 3 + 1}\t{n % 5 + 1}\t{START + (ROWS - n) * 7_200}" for n in range(ROWS)))
    lines(to / "u.user", (f"{n}|{20 + n}|M|student|8{n}00" for n in range(1, 5)))  # user 5 is in no table
    flags = "|".join("1" if n in (1, 5) else "0" for n in range(19))
    lines(to / "u.item", (f"{n}|Café (1995)|01-Jan-1995||http://x|{flags}" for n in range(1, 4)))
    return to


def movielens_million(to):
    lines(to / "ratings.dat", (f"{n % 5 + 1}::{n % 3 + 1}::{n % 5 + 1}::{START + n * 7_200}" for n in range(ROWS)))
    lines(to / "users.dat", (f"{n}::F::25::7::0{n}" for n in range(1, 6)))
    lines(to / "movies.dat", (f"{n}::Star Wars: IV (1977)::Action|Sci-Fi" for n in range(1, 4)))
    return to


def movielens_later(to):
    rows = (f"{n % 5 + 1},{n % 3 + 1},{n % 5 + 0.5},{START + n * 7_200}" for n in range(ROWS))
    lines(to / "ratings.csv", rows, "userId,movieId,rating,timestamp")
    lines(to / "movies.csv", (f'{n},"Heat, The (1995)",Action|Crime' for n in range(1, 4)), "movieId,title,genres")
    return to


def taobao(to):
    kinds = ["pv", "pv", "cart", "buy", "fav"]
    rows = [f"{n % 4},{n},{n % 3},{kinds[n % 5]},{START + n * 7_200}" for n in range(ROWS)]
    return lines(to / "UserBehavior.csv", [*rows, "1,2,3,pv,-1", "1,2,3,pv,2122867355"]).parent


def taobao_ads(to):
    rows = (f"{n % 4},{START + n * 7_200},{n % 6},430548_1007,{1 - n % 2},{n % 2}" for n in range(ROWS))
    lines(to / "raw_sample.csv", rows, "user,time_stamp,adgroup_id,pid,nonclk,clk")
    header = "adgroup_id,cate_id,campaign_id,customer,brand,price"
    lines(to / "ad_feature.csv", (f"{n},1,2,3,{'NULL' if n else 9},{n}.5" for n in range(5)), header)
    header = (
        "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,occupation,"
        "new_user_class_level "
    )
    lines(to / "user_profile.csv", (f"{n},0,1,2,3,,3,0,2" for n in range(4)), header)
    return to


def ali_ccp(to):
    def features(*pairs):
        return "\x01".join(f"{field}\x02{value}\x031.0" for field, value in pairs)

    for part in ("train", "test"):
        common = (f"key{n},3,{features((101, n), (121, 5), ('109_14', 77))}" for n in range(3))
        lines(to / f"common_features_{part}.csv", common)
        rows = (f"{n},{n % 2},0,key{n % 3},2,{features((205, n), (301, 9))}" for n in range(ROWS))
        lines(to / f"sample_skeleton_{part}.csv", rows)
    return to


MAKE = {
    "criteo": (criteo,),
    "avazu": (avazu,),
    "kuairand": (kuairand,),
    "movielens": (movielens, movielens_million, movielens_later),
    "taobao": (taobao,),
    "taobao_ads": (taobao_ads,),
    "ali_ccp": (ali_ccp,),
}
CASES = [(name, make) for name, makes in MAKE.items() for make in makes]
TIMED = {"avazu", "kuairand", "movielens", "taobao", "taobao_ads"}


@pytest.fixture
def converted(tmp_path, monkeypatch):
    """``converted(name, source)`` to the table; blocks of text are small, so that every log comes in several."""
    monkeypatch.setattr(_text, "BLOCK", 700)

    def run(name, source):
        out = tmp_path / "view" / "log.parquet"
        assert main([name, str(source), "--out", str(out)]) == 0
        assert [path.name for path in out.parent.iterdir()] == ["log.parquet"]
        return out, pq.read_table(out)

    return run


def test_every_reader_is_tested():
    assert sorted(MAKE) == reader_names()


@pytest.mark.parametrize(("name", "make"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_a_view_has_what_a_training_needs_in_the_order_of_time(name, make, tmp_path, converted):
    _, view = converted(name, make(tmp_path / "source"))
    columns = set(view.column_names)
    assert columns >= {"label", "split", "row_id"} | (set() if name == "criteo" else {"user"})
    row_id, split = view["row_id"].to_numpy(), np.array(view["split"].to_pylist())
    assert len(set(row_id)) == len(row_id) == (2 * ROWS if name == "ali_ccp" else ROWS)
    assert set(view["label"].to_pylist()) == {0, 1} and set(split) == {"train", "valid", "test"}
    if name in TIMED:
        when = view["day"].to_numpy() * 24 + view["hour"].to_numpy()
        assert when[split == "train"].max() < when[split == "valid"].min()
        assert when[split == "valid"].max() < when[split == "test"].min()
        assert view["day"].to_numpy().min() == 0 and "time" not in columns
    elif name == "criteo":
        assert row_id[split == "train"].max() < row_id[split == "valid"].min() < row_id[split == "test"].min()


@pytest.mark.parametrize(("name", "make"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_a_view_is_trained_on(name, make, tmp_path, converted, trained):
    view, _ = converted(name, make(tmp_path / "source"))
    assert trained(view, "label=label", "epochs=1", "batch_size=16")[1] == 0


def rows_of(view):
    return sorted(view.to_pylist(), key=lambda row: row["row_id"])


def test_criteo_keeps_missing_values_and_reads_counts_as_numbers(tmp_path, converted):
    rows = rows_of(converted("criteo", criteo(tmp_path / "source"))[1])
    assert rows[0]["I1"] is None and rows[1]["I1"] == -2.0 and rows[0]["C1"] == "68fd1e64" and rows[0]["C2"] is None
    assert [row["day"] for row in rows] == [n * 7 // ROWS for n in range(ROWS)]


def test_the_days_of_criteo_s_terabyte_are_those_of_its_files_in_the_order_of_numbers(tmp_path, converted):
    for day in (0, 2, 10):
        lines(tmp_path / "source" / f"day_{day}", map(criteo_row, range(20)), gz=day == 2)
    assert [row["day"] for row in rows_of(converted("criteo", tmp_path / "source")[1])] == [0] * 20 + [2] * 20 + [
        10
    ] * 20


def test_avazu_s_users_hours_and_nothing_that_names_a_row(tmp_path, converted):
    view = converted("avazu", avazu(tmp_path / "source"))[1]
    rows = rows_of(view)
    assert rows[0]["user"] == "ddd2926e|44956a24" and rows[1]["user"] == "0123abcd"
    assert (rows[25]["day"], rows[25]["hour"], rows[0]["weekday"]) == (1, 1, 1)  # 21 October 2014 was a Tuesday
    assert "id" not in view.column_names and "click" not in view.column_names


def test_kuairand_takes_the_standard_logs_and_marks_what_came_after(tmp_path, converted):
    view = converted("kuairand", kuairand(tmp_path / "source"))[1]
    assert {"outcome_long_view", "outcome_play_time_ms"} <= set(view.column_names)
    assert not {"long_view", "play_time_ms", "is_click", "time_ms"} & set(view.column_names)


@pytest.mark.parametrize(
    ("make", "year", "genres"),
    [
        (movielens, 1995.0, "Action|Children's|Crime"),
        (movielens_million, 1977.0, "Action|Sci-Fi"),
        (movielens_later, 1995.0, "Action|Crime"),
    ],
)
def test_movielens_joins_what_is_known_of_users_and_films(make, year, genres, tmp_path, converted):
    rows = rows_of(converted("movielens", make(tmp_path / "source"))[1])
    if make is movielens:
        genres = "Action|Comedy"  # flags 1 and 5 of u.item
        assert rows[0]["age"] == 21.0 and rows[4]["user"] == 5 and rows[4]["age"] is None
    assert rows[0]["year"] == year and rows[0]["genres"] == genres
    assert all(row["label"] == (row["outcome_rating"] >= 4) for row in rows)


def test_taobao_leaves_out_rows_dated_elsewhere_and_says_so(tmp_path, converted, capfd):
    rows = rows_of(converted("taobao", taobao(tmp_path / "source"))[1])
    assert "2 rows dated outside" in capfd.readouterr().err
    assert [row["label"] for row in rows[:5]] == [0, 0, 0, 1, 0] and "behaviour" not in rows[0]


def test_taobao_s_ads_are_joined_and_an_unknown_ad_is_missing(tmp_path, converted):
    rows = rows_of(converted("taobao_ads", taobao_ads(tmp_path / "source"))[1])
    assert rows[0]["brand"] == "9" and rows[1]["brand"] is None and rows[1]["price"] == 1.5 and rows[5]["price"] is None
    assert rows[0]["new_user_class_level"] == "2" and rows[0]["pvalue_level"] is None and "nonclk" not in rows[0]


def test_ali_ccp_joins_common_features_and_keeps_the_publisher_s_test_rows(tmp_path, converted):
    rows = rows_of(converted("ali_ccp", ali_ccp(tmp_path / "source"))[1])
    assert rows[4]["user"] == "1" and rows[4]["f205"] == "4" and rows[4]["f121"] == "5" and rows[4]["f122"] is None
    assert {row["split"] for row in rows[ROWS:]} == {"test"} and {row["split"] for row in rows[:ROWS]} == {
        "train",
        "valid",
    }
    assert "outcome_buy" in rows[0] and "f109_14" not in rows[0]


def broken(make, to, change):
    """The source with one line changed."""
    source = make(to)
    path, line, word = change
    text = (source / path).read_text(encoding="latin1").split("\n")
    text[line - 1] = word(text[line - 1])
    (source / path).write_text("\n".join(text), encoding="latin1")
    return source


@pytest.mark.parametrize(
    ("name", "make", "change", "expected"),
    [
        ("criteo", criteo, ("train.txt", 41, lambda row: row[2:]), "line 41: 39 columns where there are 40"),
        ("criteo", criteo, ("train.txt", 33, lambda row: "x" + row[1:]), "line 33: 'x' in column 'label' is no int64"),
        ("criteo", criteo, ("train.txt", 33, lambda row: "2" + row[1:]), "row 33 of the log: label 2"),
        ("movielens", movielens, ("u.data", 50, lambda row: row + "\t1"), "line 50: 5 columns where there are 4"),
        ("movielens", movielens, ("u.user", 2, lambda row: "2|old|M|x|1"), "line 2: 'old' in column 'age'"),
        (
            "movielens",
            movielens_later,
            ("ratings.csv", 1, lambda row: row.replace("rating", "stars")),
            "no column 'rating'",
        ),
        (
            "movielens",
            movielens_later,
            ("ratings.csv", 30, lambda row: "1,2,3"),
            "line 30: 3 columns where there are 4",
        ),
        ("taobao", taobao, ("UserBehavior.csv", 52, lambda row: row.replace("pv", "see")), "line 52: behaviour 'see'"),
        ("taobao_ads", taobao_ads, ("raw_sample.csv", 1, lambda row: row[:-4]), "no column 'clk'"),
        (
            "ali_ccp",
            ali_ccp,
            ("sample_skeleton_test.csv", 44, lambda row: row.replace("\x03", "")),
            "line 44: a feature",
        ),
        (
            "ali_ccp",
            ali_ccp,
            ("common_features_train.csv", 2, lambda row: row.replace(",3,", ",4,")),
            "line 2: 3 features",
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_written(
    name, make, change, expected, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(_text, "BLOCK", 700)
    source, out = broken(make, tmp_path / "source", change), tmp_path / "view" / "log.parquet"
    assert main([name, str(source), "--out", str(out)]) == 2
    said = capfd.readouterr().err
    assert (expected in said and change[0] in said) or ("of the log" in expected and expected in said)
    assert list(out.parent.iterdir()) == []


def test_a_missing_source_shares_without_training_and_too_little_time(tmp_path, capfd):
    out = ["--out", str(tmp_path / "view.parquet")]
    assert main(["taobao", str(tmp_path), *out]) == 2 and "UserBehavior.csv" in capfd.readouterr().err
    assert main(["taobao", str(tmp_path), *out, "--test", "0.95"]) == 2 and "leave rows" in capfd.readouterr().err
    lines(tmp_path / "UserBehavior.csv", [f"1,2,3,pv,{START}"] * 5)
    assert main(["taobao", str(tmp_path), *out]) == 2 and "within 1 hours" in capfd.readouterr().err
