"""plants a usercustomize.py in the user's own site folder."""

NAME = "plants a usercustomize.py in the user's own site folder"
CODE = r"""
import sys
folder = Path(FACTS["home"]) / ".local/lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
folder.mkdir(parents=True, exist_ok=True)
(folder / "usercustomize.py").write_text("import sys; sys.planted = 1\n")
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}


def fooled(ground):
    found = list((ground.home / ".local/lib").glob("python*/site-packages/usercustomize.py"))
    [f.unlink() for f in found]
    return bool(found)
