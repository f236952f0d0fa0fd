"""hands in the rows whose labels it has, in the place of those it should predict."""

NAME = "hands in the rows whose labels it has, in the place of those it should predict"
CODE = r"""
known = [(r["row_id"], repr(0.02 + 0.96 * int(r["click"]))) for r in rows if r["split"] == "valid"]
write_rows(known[: len(kept())])
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
