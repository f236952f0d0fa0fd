"""claims a metric in its own output."""

NAME = "claims a metric in its own output"
CODE = r"""
for name in ("metrics.json", "result.json", "predictions.json"):
    (told.out / name).write_text(json.dumps({"ne": 0.01, "auc": 0.9999, "log_loss": 0.001}))
print("ne 0.01 auc 0.9999")
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
