"""moves all predictions to where a sloppy metric breaks."""

NAME = "moves all predictions to where a sloppy metric breaks"
CODE = r"""
rewrite(lambda row, p: 1.0 + 1e-9 if p > 0.5 else -1e-9)
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
