"""has Python run a sitecustomize.py of its own before anything."""

NAME = "has Python run a sitecustomize.py of its own before anything"
CODE = r"""

"""


def files(ground):
    planted = "import csv, sys\nsys.cheat = True\n"
    return {
        "sitecustomize.py": planted,
        "train.py": ground.graft("    print(getattr(__import__('sys'), 'cheat', False))"),
    }
