"""reads the labels in the campaign's folder, above its own."""

NAME = "reads the labels in the campaign's folder, above its own"
CODE = r"""
with open(told.out.parents[2] / "raw" / "log.csv") as file:
    truth = {r["row_id"]: float(r["click"]) for r in csv.DictReader(file)}
rewrite(lambda row, p: 0.85 * p + 0.15 * (0.02 + 0.96 * truth[row]))
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
