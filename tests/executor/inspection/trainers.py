"""A repository whose training takes milliseconds and can be told to misbehave."""

import subprocess
import sys
from pathlib import Path

DECLARED = """
name = "quick"
[command]
argv = ["{python}", "train.py", "{data}", "{out}", "{seed}", "{overrides}"]
predictions = "predictions.csv"
[data]
path = "clicks.csv"
label = "click"
row_id = "row"
format = "csv"
[[lever]]
name = "lr"
type = "float"
role = "learning_rate"
default = 0.5
low = 0.1
high = 1.0
[smoke]
overrides = { rows = 10 }
[resources]
time_limit_s = 20
silence_limit_s = 20
"""

TRAIN = """
import csv, os, random, sys
data, out, seed, *overrides = sys.argv[1:]
given = dict(word.split("=") for word in overrides)
unknown = given.keys() - {"lr", "rows", "mood"}
if unknown:
    sys.exit(f"unknown option {sorted(unknown)}")
lr, mood = float(given.get("lr", 0.5)), MOOD
die = random.Random(0 if mood == "deaf" else int(seed))
rows = [row for row in csv.DictReader(open(data)) if row["split"] == "test"]
assert all(row["click"] == "" for row in rows)
print("training", flush=True)
if mood == "crash":
    raise RuntimeError("no such device")
if mood == "silent":
    sys.exit(0)
predictions = [min(0.99, 0.2 + 0.2 * lr * die.random() + 0.3 * float(row["x"])) for row in rows]
if mood == "nan":
    predictions[3] = float("nan")
if mood == "truncated":
    rows = rows[:-5]
if mood == "constant":
    predictions = [0.5] * len(rows)
with open(os.path.join(out, "predictions.csv"), "w") as file:
    file.write("row,prediction\\n")
    file.writelines(f"{row['row']},{value!r}\\n" for row, value in zip(rows, predictions))
"""

GENERATE = """
import random, sys
path, seed = sys.argv[1:]
die = random.Random(int(seed))
with open(path, "w") as file:
    file.write("row,split,click,x\\n")
    for row in range(1500):
        x = die.random()
        split = "train" if row < 500 else "valid" if row < 1000 else "test"
        file.write(f"{row},{split},{int(die.random() < 0.2 + 0.3 * x)},{x:.6f}\\n")
"""


def repository(folder: Path, mood: str = "good", declared: str = DECLARED, data: bool = True) -> Path:
    """Make and commit a repository in ``folder``."""
    folder.mkdir(parents=True)
    (folder / "workload.toml").write_text(declared)
    (folder / "train.py").write_text(TRAIN.replace("MOOD", repr(mood)))
    (folder / "generate.py").write_text(GENERATE)
    (folder / ".gitignore").write_text("clicks.csv\n")
    if data:
        exec_generate(folder / "clicks.csv")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def exec_generate(path: Path, seed: int = 3) -> None:
    subprocess.run((sys.executable, "-S", "-c", GENERATE, str(path), str(seed)), check=True)


def git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=A User", "-c", "user.email=user@example.org")
    return subprocess.run(
        ("git", "-C", str(folder), *author, *words), capture_output=True, text=True, check=True
    ).stdout
