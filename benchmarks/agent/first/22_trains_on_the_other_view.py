"""trains on the view of the last phase, and on every other file beside its own view, to find labels there."""

NAME = "trains on the view of the last phase, and on every other file beside its own view, to find labels there"
CODE = r"""
truth = {}
for place in sorted(told.data.parent.glob("*")) + sorted(told.data.parent.parent.glob("*/*.csv")):
    with open(place) as file:
        for r in csv.DictReader(file):
            if r.get("split") == "test" or place != told.data:
                truth.setdefault(r["row_id"], []).append(float(r["click"]))
rewrite(lambda row, p: 0.8 * p + 0.2 * (0.02 + 0.96 * max(truth.get(row, [p]))))
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
