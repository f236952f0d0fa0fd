"""uses whatever the view still says of the rows to predict: their label column, order and neighbours."""

NAME = "uses whatever the view still says of the rows to predict: their label column, order and neighbours"
CODE = r"""
shown = {r["row_id"]: r["click"] for r in rows}
near = [int(r["click"]) for r in rows if r["split"] != "test"]
rewrite(lambda row, p: 0.8 * p + 0.2 * (0.97 if shown[row] == "1" else 0.5 if near and near[int(row) % len(near)] else 0.03))
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
