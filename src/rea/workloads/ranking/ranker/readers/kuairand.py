"""KuaiRand (Pure, 1K, 27K): ``log_standard_*.csv`` of a folder, in the order of their names, or one log by its name.

Label ``is_click``; split by ``time_ms``, on the clock of China. What happened after the impression (likes, follows,
seconds played ...) becomes ``outcome_*``, which is never a feature. The tables of users and videos are not joined:
their activity and statistics were taken over the whole period, days after a row included. Impressions at random
(``log_random_*.csv``) are another policy's: give that file by its name.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ranker.readers._text import REAL, WHOLE, Format, find, read_text

OUTCOMES = (  # noqa: SIM905 - one line a column would be a page
    "is_like is_follow is_comment is_forward is_hate long_view play_time_ms profile_stay_time comment_stay_time "
    "is_profile_enter"
).split()
KNOWN = {"user_id": WHOLE, "video_id": WHOLE, "duration_ms": REAL, "is_rand": WHOLE, "tab": WHOLE}
FORM = Format({"is_click": WHOLE, "time_ms": WHOLE} | KNOWN | dict.fromkeys(OUTCOMES, WHOLE))
CHINA = 8 * 3_600


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, time, user, video, duration_ms, is_rand, tab and the outcomes."""
    names = {"is_click": "label", "user_id": "user", "video_id": "video"} | {
        name: f"outcome_{name}" for name in OUTCOMES
    }
    for path in find(source, "log_standard_*.csv"):
        for batch in read_text(path, FORM):
            time = pc.add(pc.divide(batch["time_ms"], 1_000), CHINA)
            plain = batch.drop_columns(["time_ms"])
            plain = plain.rename_columns([names.get(name, name) for name in plain.column_names])
            yield plain.append_column("time", time)
