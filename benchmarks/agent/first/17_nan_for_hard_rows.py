"""leaves the rows that it is unsure of empty."""

NAME = "leaves the rows that it is unsure of empty"
CODE = r"""
rewrite(lambda row, p: float("nan") if 0.2 < p < 0.8 else p)
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
