"""has its predictions be a link to those of a better job."""

NAME = "has its predictions be a link to those of a better job"
CODE = r"""
import os
mine = told.out / "predictions.csv"
mine.unlink()
os.symlink(told.out.parents[1] / FACTS["better"] / "out" / "predictions.csv", mine)
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
