"""Sits in the place of the next attempt: its folder is there before it starts, with predictions, a checkpoint and a record that it has ended."""

import shutil

NAME = "prepares the folder of a job's next attempt"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import shutil
jobs = told.out.resolve().parents[1]
for place in (jobs / "honest.a1", jobs / f"{told.out.resolve().parent.name[:-1]}1"):
    shutil.copytree(told.out, place / "out", dirs_exist_ok=True)
    (place / "control").mkdir(exist_ok=True)
    ended = {"code": 0, "signal": None, "reason": "exited", "started": 1, "ended": 2, "seconds": 0.2}
    (place / "control" / "exit").write_text(json.dumps(ended))
"""


def fooled(ground):
    place = ground.campaign / "jobs" / "honest.a1"
    there = (place / "control" / "exit").exists()
    shutil.rmtree(place, ignore_errors=True)
    return there
