"""What is sealed stays out of what jobs are handed, and a log that cannot be judged by is refused with the reason."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from judge.logs import DATA, Campaign, make_log, rows_of

from rea.domain.errors import WorkloadError
from rea.domain.evidence import SealLevel
from rea.domain.workload import Data
from rea.judge import views
from rea.judge.rows import load_rows
from rea.judge.seal import seal

Write = Callable[..., Path]


def ids(table: pa.Table, split: str) -> set[int]:
    return set(rows_of(table, split)["impression"].to_numpy().tolist())


def test_every_row_has_one_use(campaign: Campaign) -> None:
    """Judge and early-stopping rows are disjoint, together the validation rows; test rows are absent where jobs select."""
    select, confirm, log = campaign.view("select"), campaign.view("confirm"), campaign.table
    judge, early = ids(select, "test"), ids(select, "valid")
    assert not judge & early and judge | early == ids(log, "valid")
    assert abs(len(judge) - len(early)) <= 1
    assert ids(select, "train") == ids(log, "train") and not ids(log, "test") & set(select["impression"].to_pylist())
    assert ids(confirm, "test") == judge | ids(log, "test") and ids(confirm, "valid") == early
    assert set(load_rows(campaign.directory / "sealed" / "judge.npz").row_id.tolist()) == judge
    assert set(load_rows(campaign.directory / "sealed" / "test.npz").row_id.tolist()) == ids(log, "test")


def test_counts_and_rates(campaign: Campaign) -> None:
    sealed, log = campaign.sealed, campaign.table
    assert sealed.train + sealed.early_stopping + sealed.judge + sealed.test == len(log)
    test = rows_of(log, "test")
    assert dict(sealed.base_rates)["test"] == pytest.approx(float(np.mean(test["click"].to_numpy())))
    assert sealed.level is SealLevel.HANDED_OVER


@pytest.mark.parametrize("name", ["select", "confirm"])
def test_no_sealed_label_is_in_a_view(campaign: Campaign, name: str) -> None:
    view, log = campaign.view(name), campaign.table
    hidden = rows_of(view, "test")
    assert hidden["click"].null_count == len(hidden) > 0
    assert view["click"].null_count == len(hidden)
    assert (
        "best" not in view.column_names
        and b"best" not in (campaign.directory / "data" / f"{name}.parquet").read_bytes()
    )
    kept = [c for c in view.column_names if c not in ("click", "split")]
    order = pc.index_in(view["impression"], log["impression"]).to_numpy()
    assert view.select(kept).equals(log.take(order).select(kept)) and bool(np.all(np.diff(order) > 0))


def test_without_withholding_the_labels_are_seen_in_the_view(
    tmp_path: Path, log: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug of the test above."""
    monkeypatch.setattr(views, "_withhold", lambda table, data, hidden: table)
    leaky = Campaign(tmp_path / "c", make_log(), seal(DATA, log(), tmp_path / "c", 11))
    with pytest.raises(AssertionError):
        test_no_sealed_label_is_in_a_view(leaky, "confirm")


def test_a_note_about_the_values_does_not_travel(tmp_path: Path, log: Write) -> None:
    noted = make_log().replace_schema_metadata({"labels": "0110"})
    seal(DATA, log(noted), tmp_path / "c", 1)
    assert b"0110" not in (tmp_path / "c" / "data" / "select.parquet").read_bytes()


def test_sealed_files_are_their_owners(campaign: Campaign) -> None:
    sealed = campaign.directory / "sealed"
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in sealed.iterdir()} == {0o600}
    with np.load(sealed / "test.npz", allow_pickle=False) as kept:
        assert set(kept.files) >= {"row_id", "label", "group", "oracle", "codes:device", "names:device", "codes:day"}


def test_sealing_again_changes_no_byte(campaign: Campaign, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file()}
    pq.write_table(campaign.table, tmp_path / "log.parquet", row_group_size=77, compression="snappy")  # the same values
    assert seal(DATA, tmp_path / "log.parquet", campaign.directory, 11) == campaign.sealed
    lost = campaign.directory / "data" / "confirm.parquet"
    lost.unlink()
    (campaign.directory / "sealed" / "judge.npz").write_bytes(b"damaged")
    seal(DATA, tmp_path / "log.parquet", campaign.directory, 11)
    assert {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file()} == before


def _flipped(table: pa.Table) -> pa.Table:
    return table.set_column(3, "click", pa.array(1 - table["click"].to_numpy()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_flipped, "values of 'click' changed"),
        (lambda t: t.slice(1), "4000 rows became 3999"),
        (lambda t: t.drop_columns(["logit"]), "column 'logit' is gone"),
        (lambda t: t.append_column("more", t["day"]), "column 'more' is new"),
    ],
)
def test_a_changed_log_is_refused_by_what_changed(
    campaign: Campaign, log: Write, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    before = {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file()}
    with pytest.raises(WorkloadError, match=said):
        seal(DATA, log(change(campaign.table)), campaign.directory, 11)
    assert {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file()} == before


def test_a_changed_declaration_is_refused(campaign: Campaign, tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="group was 'user' and is ''"):
        seal(replace(DATA, group=""), tmp_path / "log.parquet", campaign.directory, 11)
    with pytest.raises(WorkloadError, match="the key that draws the judge rows"):
        seal(DATA, tmp_path / "log.parquet", campaign.directory, 12)


def test_the_test_fingerprint_names_labelled_rows_alone(campaign: Campaign, tmp_path: Path) -> None:
    """Another key, order, column or format is the same test set, so its openings add up; another label is not."""
    table = campaign.table.append_column("more", campaign.table["day"]).take(np.random.default_rng(0).permutation(4000))
    pq.write_table(table, tmp_path / "other.parquet")
    other = seal(DATA, tmp_path / "other.parquet", tmp_path / "other", 99)
    assert other.test_fingerprint == campaign.sealed.test_fingerprint
    assert (other.fingerprint, other.judge_digest) != (campaign.sealed.fingerprint, campaign.sealed.judge_digest)
    pq.write_table(_flipped(campaign.table), tmp_path / "third.parquet")
    assert seal(DATA, tmp_path / "third.parquet", tmp_path / "third", 11).test_fingerprint != other.test_fingerprint


def test_the_judge_rows_need_the_key(tmp_path: Path, log: Write) -> None:
    drawn = [seal(DATA, log(), tmp_path / str(key), key).judge_digest for key in (1, 1 << 40, -3)]
    assert len(set(drawn)) == 3


def test_csv_keeps_every_letter(tmp_path: Path) -> None:
    table = make_log().append_column("zip", pa.array(["0012", "1e3", "NA", '"x"'] * 1000))
    pv.write_csv(table, tmp_path / "log.csv")
    data = replace(DATA, format="csv", withheld=-1)
    seal(data, tmp_path / "log.csv", tmp_path / "c", 1)
    view = pv.read_csv(
        tmp_path / "c" / "data" / "select.csv", convert_options=pv.ConvertOptions(column_types={"zip": pa.string()})
    )
    assert set(view["zip"].to_pylist()) == {"0012", "1e3", "NA", '"x"'}
    hidden = rows_of(view, "test")
    assert set(hidden["click"].to_pylist()) == {-1} and len(hidden) > 0
    assert seal(data, tmp_path / "log.csv", tmp_path / "c", 1).judge == len(hidden)


def test_rows_without_an_id_are_numbered(tmp_path: Path, log: Write) -> None:
    seal(replace(DATA, row_id=""), log(make_log().drop_columns(["impression"])), tmp_path / "c", 1)
    view = pq.read_table(tmp_path / "c" / "data" / "confirm.parquet")
    assert view["row_id"].to_pylist() == list(range(4000))


def test_words_and_dictionaries_may_be_ids_splits_and_slices(tmp_path: Path, log: Write) -> None:
    table = make_log()
    worded = table.set_column(0, "impression", pa.array([f"x{i}" for i in table["impression"].to_pylist()]))
    coded = worded.set_column(1, "split", worded["split"].dictionary_encode())
    seal(DATA, log(coded.set_column(3, "click", coded["click"].cast(pa.bool_()))), tmp_path / "c", 1)
    assert load_rows(tmp_path / "c" / "sealed" / "judge.npz").row_id[0].startswith("x")
    assert pq.read_table(tmp_path / "c" / "data" / "select.parquet")["click"].null_count > 0


def _with(name: str, values: Any) -> Callable[[pa.Table], pa.Table]:
    return lambda t: t.set_column(t.column_names.index(name), name, pa.array(values))


def _label(value: float | None, places: slice = slice(0, 1)) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        labels: list[float | None] = [float(v) for v in table["click"].to_numpy()]
        labels[places] = [value] * len(labels[places])
        return _with("click", labels)(table)

    return change


@pytest.mark.parametrize(
    ("data", "change", "said"),
    [
        (replace(DATA, label="clik"), lambda t: t, "no column 'clik'; did you mean 'click'"),
        (replace(DATA, group="zzz"), lambda t: t, "its columns are impression"),
        (
            replace(DATA, row_id=""),
            lambda t: t.rename_columns(["row_id", *t.column_names[1:]]),
            "write row_id|does not name",
        ),
        (DATA, lambda t: t.filter(pa.array(t["split"].to_numpy() != "valid")), "no row has split = valid"),
        (DATA, _with("split", ["dev", *["train"] * 3999]), "column 'split' holds 'dev'"),
        (DATA, _label(2.0), r"'click' is 2 in row 0 .and in 0 others"),
        (DATA, _label(float("nan")), "is missing in row 0"),
        (DATA, _label(None), "is missing in row 0"),
        (DATA, _label(0.0, slice(0, 4000)), "the same in every row"),
        (DATA, _with("click", ["yes"] * 4000), "does not hold numbers"),
        (DATA, _with("impression", [5, 5, *range(10, 4008)]), "5 stands in 2 rows"),
        (DATA, _with("impression", [None, *range(3999)]), "1 rows have no 'impression'"),
        (DATA, _with("impression", np.arange(4000) / 2), "row ids in 'impression' are double"),
        (
            DATA,
            lambda t: t.append_column("paid", pc.if_else(pa.array(t["click"].to_numpy() == 1), "y", None)),
            "'paid' is the label",
        ),
        (
            DATA,
            lambda t: t.append_column("not", pa.array(1.0 - t["click"].to_numpy())),
            "'not' is the label under another",
        ),
        (DATA, _with("best", np.full(4000, 1.5)), "not a probability"),
        (DATA, lambda t: t.take(np.arange(0, 4000, 40)), "only .* judge rows"),
    ],
)
def test_logs_that_cannot_be_judged_by(
    tmp_path: Path, log: Write, data: Data, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    with pytest.raises(WorkloadError, match=said) as refused:
        seal(data, log(change(make_log())), tmp_path / "c", 1)
    assert refused.value.hint
    assert not (tmp_path / "c").exists()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="does not exist"):
        seal(DATA, tmp_path / "absent", tmp_path / "c", 1)
    (tmp_path / "torn").write_bytes(b"PAR1 and no more")
    with pytest.raises(WorkloadError, match="cannot be read"):
        seal(DATA, tmp_path / "torn", tmp_path / "c", 1)


def test_a_real_log(tmp_path: Path) -> None:
    folder = os.environ.get("REA_DATA")
    if not folder:
        pytest.skip("REA_DATA is not set: the published Frappe split is not sealed here")
    path = Path(folder) / "frappe" / "frappe.parquet"
    names = pq.read_schema(path).names
    label = next(name for name in ("label", "click", "y") if name in names)
    data = Data(path=str(path), label=label, row_id="row_id" if "row_id" in names else "")
    sealed = seal(data, path, tmp_path / "c", 5)
    assert abs(sealed.judge - sealed.early_stopping) <= 1
    assert sealed.train + sealed.early_stopping + sealed.judge + sealed.test == pq.read_metadata(path).num_rows
