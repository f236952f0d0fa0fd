import numpy as np
import pyarrow.parquet as pq
import torch


class ClickData:
    """A parquet file in memory; every remaining column is treated as categorical."""

    def __init__(self, path, target, drop=(), min_count=1):
        self.table = pq.read_table(path)
        self.split = self.table["split"].to_numpy(zero_copy_only=False).astype(str)
        names = [c for c in self.table.column_names if c not in {target, "split", *drop}]
        encoded = [self._encode(self.table[c].to_numpy(zero_copy_only=False).astype(str), min_count) for c in names]
        self.x = np.stack([codes for codes, _ in encoded], axis=1)
        self.cardinalities = [size for _, size in encoded]
        label = self.table[target].to_numpy(zero_copy_only=False).astype(np.float32)
        self.y = np.nan_to_num(label)  # unlabeled rows are only ever scored

    def _encode(self, values, min_count):
        seen, counts = np.unique(values[self.split == "train"], return_counts=True)
        seen = seen[counts >= min_count]
        at = np.searchsorted(seen, values).clip(max=len(seen) - 1)
        return np.where(seen[at] == values, at + 1, 0), len(seen) + 1

    def tensors(self, split):
        rows = self.split == split
        return torch.from_numpy(self.x[rows]), torch.from_numpy(self.y[rows])

    def column(self, name, split):
        return self.table[name].to_numpy(zero_copy_only=False)[self.split == split]
