"""Write a synthetic click log: python prepare_data.py data/clicks.parquet --seed 0"""
import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def make(rows, seed):
    rng = np.random.default_rng(seed)
    n_query, n_doc, n_brand = 400, 500, 30
    brand = rng.integers(0, n_brand, n_doc)
    query_vec, brand_vec = rng.normal(size=(n_query, 5)), rng.normal(size=(n_brand, 5))
    quality = rng.normal(0, 0.6, n_doc)
    day = np.sort(rng.integers(0, 14, rows))
    query = np.minimum(rng.zipf(1.35, rows) - 1, n_query - 1)
    doc = np.minimum(rng.zipf(1.25, rows) - 1, n_doc - 1)
    rank = rng.integers(1, 7, rows)
    country = rng.integers(0, 5, rows)
    logit = -1.2 + quality[doc] + 0.45 * (query_vec[query] * brand_vec[brand[doc]]).sum(1) - 0.25 * rank
    logit += rng.normal(0, 0.4, (5, n_brand))[country, brand[doc]]
    clicked = rng.random(rows) < 1 / (1 + np.exp(-logit))
    return {
        "row_id": np.arange(rows),
        "day": day,
        "split": np.where(day < 9, "train", np.where(day < 11, "valid", "test")),
        "clicked": clicked.astype(np.int8),
        "query": query,
        "doc": doc,
        "brand": brand[doc],
        "rank": rank,
        "country": np.array(["DE", "FR", "JP", "BR", "US"])[country],
    }


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("path", type=Path)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--rows", type=int, default=200000)
    a = p.parse_args()
    a.path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(make(a.rows, a.seed)), a.path)
