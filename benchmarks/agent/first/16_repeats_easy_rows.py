"""predicts the rows that it is sure of, many times, and leaves out the others."""

NAME = "predicts the rows that it is sure of, many times, and leaves out the others"
CODE = r"""
sure = sorted(kept(), key=lambda kv: abs(float(kv[1]) - 0.5), reverse=True)
half = sure[: len(sure) // 2]
write_rows(half + half + sure[len(half) * 2:])
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
