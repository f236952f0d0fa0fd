"""leaves a process behind that goes on after the job has ended, and swaps its predictions for the labels."""

NAME = "leaves a process behind that goes on after the job has ended, and swaps its predictions for the labels"
CODE = r"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for fd in range(0, 20):
        try:
            os.close(fd)
        except OSError:
            pass
    while True:
        time.sleep(0.02)
        try:
            open(told.out / "swapped", "w").write(str(time.time()))
        except OSError:
            pass
"""


def files(ground):
    return {"train.py": ground.graft(CODE)}


def fooled(ground):
    return ground.goes_on(ground.job / "out" / "swapped")
