"""Alters the shared view that later jobs train on, of the same length and with its time put back, so that nobody who looks at those sees it."""

import os

NAME = "alters the shared view, size and time kept"


def files(ground):
    return {"train.py": ground.graft(CODE)}


CODE = """
import os
view = told.data.resolve()
about = view.stat()
os.chmod(view, 0o644)
view.write_bytes(view.read_bytes().replace(b'"p3"', b'"q3"'))
os.utime(view, ns=(about.st_atime_ns, about.st_mtime_ns))
"""


def fooled(ground):
    view = ground.campaign / "data" / "select.csv"
    about, content = view.stat(), view.read_bytes()
    if b'"q3"' not in content:
        return False
    view.write_bytes(content.replace(b'"q3"', b'"p3"'))
    os.utime(view, ns=(about.st_atime_ns, about.st_mtime_ns))
    return True
