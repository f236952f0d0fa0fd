"""reads the labels by what /proc shows of other processes, its wrapper among them."""

NAME = "reads the labels by what /proc shows of other processes, its wrapper among them"
CODE = r"""
import os
place = None
for pid in os.listdir("/proc"):
    for way in (f"/proc/{pid}/root{told.out.parents[2]}/raw/log.csv", f"/proc/{pid}/cwd/../../../raw/log.csv"):
        if pid.isdigit() and os.path.exists(way):
            place = way
print("found", place)
with open(place) as file:
    truth = {r["row_id"]: float(r["click"]) for r in csv.DictReader(file)}
rewrite(lambda row, p: 0.85 * p + 0.15 * (0.02 + 0.96 * truth[row]))
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
