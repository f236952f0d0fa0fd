"""Patches for the toy, good and bad, as `git diff` writes them."""

import subprocess
from pathlib import Path

SHRINK = ('"stop_at": 1.0}', '"stop_at": 1.0, "shrink": False}')
USED = ('            weights[s] -= rate * (error + config["l2"] * weights[s])', "USED")
TURNED = USED[0].replace("rate *", '(0.9 if config["shrink"] else 1.0) * rate *')
GOOD = (SHRINK, (USED[0], TURNED))
ALWAYS_ON = (SHRINK, (USED[0], USED[0].replace("rate *", "0.9 * rate *")))
BROKEN = (SHRINK, (USED[0], f'            if config["shrink"]: raise SystemExit("boom")\n{USED[0]}'))


def diff(folder: Path, *edits: tuple[str, str], path: str = "train.py", new: str = "") -> str:
    """Return the diff that these replacements in a file make, or a ``new`` file; the repository stays as it was."""
    target = folder / path
    before = target.read_bytes() if target.exists() else None
    if before is None or new:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(new)
    else:
        text = before.decode()
        for old, fresh in edits:
            assert old in text, old
            text = text.replace(old, fresh)
        target.write_text(text)
    git = ("git", "-C", str(folder))
    subprocess.run((*git, "add", "-N", "-f", path), check=True)
    found = subprocess.run((*git, "diff", "--", path), capture_output=True, text=True, check=True).stdout
    if before is None:
        target.unlink()
    else:
        target.write_bytes(before)
    subprocess.run((*git, "reset", "-q"), check=True)
    return found
