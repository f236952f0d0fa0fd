"""Real logs, found through REA_DATA; loudly skipped where they are not."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranker import metrics

DATA = os.environ.get("REA_DATA")
# most test users of ml100k are new, which leaves one epoch little to know
SETS = {
    "frappe": (),
    "adult": ("numeric=age,fnlwgt,capital_gain,capital_loss,hours_per_week,education_num",),
    "ml100k": ("ignore=split_user,timestamp,rating",),
}


@pytest.mark.skipif(not DATA, reason="REA_DATA is not set: real data is not tested")
@pytest.mark.parametrize("name", SETS)
def test_a_public_data_set_is_learnt(name, trained, tmp_path):
    table = pq.read_table(Path(DATA) / name / f"{name}.parquet")
    split = np.array(table["split"].to_pylist())
    label = table["label"].to_numpy().astype(float)
    hidden = pa.array([None if s == "test" else int(y) for s, y in zip(split, label, strict=True)], pa.int8())
    view = table.set_column(table.column_names.index("label"), "label", hidden)
    view = view.append_column("row_id", pa.array([f"r{i}" for i in range(len(split))]))
    pq.write_table(view, tmp_path / "view.parquet")
    out, code = trained(tmp_path / "view.parquet", "label=label", "epochs=1", "rows=0.5", *SETS[name])
    assert code == 0
    done = pq.read_table(out / "predictions.parquet")
    row = np.array([int(text[1:]) for text in done["row_id"].to_pylist()])
    assert metrics.normalized_entropy(label[row], done["prediction"].to_numpy()) < 0.99
