"""hands in the predictions of a better job."""

NAME = "hands in the predictions of a better job"
CODE = r"""
better = told.out.parents[1] / FACTS["better"] / "out" / "predictions.csv"
(told.out / "predictions.csv").write_bytes(better.read_bytes())
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
