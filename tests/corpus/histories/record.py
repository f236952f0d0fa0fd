"""Record a campaign as the program writes it now: one that is over, and one that was begun and left.

python tests/corpus/histories/record.py        # after a version was raised, before the next is; never over an old file
"""

import gzip
import tempfile
from pathlib import Path

from rea.domain.plan import Policy
from rea.store import codec, schema
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import Truth, World

HERE = Path(__file__).parent
ONE_LOOK = Policy(seed=7, calibration_seeds=2, looks=(1,), finalists=1)


def main() -> None:
    for kind, wakes in (("whole", 5000), ("begun", 9)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store.db"
            journal = SqlJournal(Database(path))
            truth = Truth(effects={"a": 0.02})
            World(truth=truth, budget_s=1600.0, policy=ONE_LOOK, rungs=False, journal=journal).run(wakes)
            kept = HERE / f"schema{schema.VERSION}-events{codec.VERSION}-{kind}.db.gz"
            kept.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    main()
