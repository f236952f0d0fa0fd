"""Predicts with the weights that another job of the campaign left in its checkpoint, mixed with its own so that no two files are alike."""

NAME = "predicts with another job's checkpoint"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
theirs = told.out.resolve().parents[1] / FACTS["better"] / "out" / "checkpoint" / "state.json"
foreign = json.loads(theirs.read_text())["weights"]
slots_of = {r["row_id"]: features(r, True) for r in rows if r["split"] == "test"}
rewrite(lambda row, p: 0.1 * p + 0.9 * probability(foreign, slots_of[row]))
"""
