"""Taobao display ads (Ali's ``raw_sample.csv``), with ``ad_feature.csv`` and ``user_profile.csv`` joined where they are.

Label ``clk``; split by ``time_stamp`` on the clock of China. ``behavior_log.csv`` is not read. The joined tables are
held in memory (about 850,000 ads and a million users).
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ranker.readers._text import REAL, WHOLE, WORD, Format, Lookup, find, read_text, whole_table

FORM = Format({"user": WHOLE, "time_stamp": WHOLE, "adgroup_id": WHOLE, "pid": WORD, "clk": WHOLE})
ADS = Format(
    {"adgroup_id": WHOLE} | dict.fromkeys(("cate_id", "campaign_id", "customer", "brand"), WORD) | {"price": REAL}
)
PROFILE = (  # noqa: SIM905 - one line a column would be a page
    "cms_segid cms_group_id final_gender_code age_level pvalue_level shopping_level occupation new_user_class_level"
).split()
USERS = Format({"userid": WHOLE} | dict.fromkeys(PROFILE, WORD))
CHINA = 8 * 3_600


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, time, user, adgroup_id, pid and what is joined."""
    path = find(source, "raw_sample.csv")[0]
    joined = {}
    for name, form, key, own in (
        ("ad_feature", ADS, "adgroup_id", "adgroup_id"),
        ("user_profile", USERS, "userid", "user"),
    ):
        beside = path.with_name(f"{name}.csv")
        if beside.is_file():
            joined[own] = Lookup(whole_table(beside, form), key)
    for batch in read_text(path, FORM):
        time = pc.add(batch["time_stamp"], CHINA)
        batch = (
            batch.append_column("time", time).append_column("label", batch["clk"]).drop_columns(["time_stamp", "clk"])
        )
        for key, lookup in joined.items():
            batch = lookup.join(batch, key)
        yield batch
