"""Processes that append until they are told otherwise, and say what was acknowledged."""

import multiprocessing as mp
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from rea.domain.errors import OverBudget
from rea.domain.ids import CampaignId
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, granted, note, reserved

processes = mp.get_context("fork")


def start(target: Callable[..., None], *args: object) -> BaseProcess:
    """Start ``target`` in a process of its own."""
    process = processes.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def append_notes(path: Path, name: str, count: int) -> None:
    """Append ``count`` notes one by one, every third twice."""
    journal = SqlJournal(Database(path))
    for index in range(count):
        journal.append(C, [note(f"{name}-{index}")])
        if index % 3 == 0:
            journal.append(C, [note(f"{name}-{index}")])


def append_until_killed(path: Path, acknowledged: Path, early: bool = False) -> None:
    """Append pairs of notes, writing down each pair after it was acknowledged (``early``, the planted bug: before).

    A new process goes on where the last one was.
    """
    journal = SqlJournal(Database(path))
    descriptor = os.open(acknowledged, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    index = len(acknowledged.read_text().split())
    while True:
        if early:
            os.write(descriptor, f"{index}\n".encode())
        journal.append(C, [note(f"{index}-a"), note(f"{index}-b")])
        if not early:
            os.write(descriptor, f"{index}\n".encode())
        index += 1


def reserve_greedily(path: Path, campaign: CampaignId, first: int) -> None:
    """Reserve one unit after another until the budget is gone."""
    journal = SqlJournal(Database(path))
    journal.append(campaign, granted(40))
    for index in range(first, first + 100):
        try:
            journal.append(campaign, [reserved(index, 1)])
        except OverBudget:
            return
