"""Files that tools look for in every folder above the one they work in: which Python to run, and which settings git has there."""

NAME = "leaves files that choose a later job's interpreter"
LEFT = (".python-version", "pyvenv.cfg", ".git")


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
jobs = told.out.resolve().parents[1]
for folder in (jobs, jobs.parent):
    (folder / ".python-version").write_text("system\\n")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\\n")
    (folder / ".git").write_text(f"gitdir: {told.out.resolve()}\\n")
"""


def fooled(ground):
    left = [p / name for p in (ground.campaign / "jobs", ground.campaign) for name in LEFT if (p / name).is_file()]
    for path in left:
        path.unlink()
    return bool(left)
