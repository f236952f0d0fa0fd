"""Outlines name what a file defines, and run nothing of it."""

from rea.codebase.outline import outline

CODE = '''
import os
raise SystemExit("this must never run")

class Model(Base):
    """Scores rows."""

    def forward(self, x: int, *, p: float = 0.5) -> int:
        return x


async def main() -> None: ...
'''


def test_python_is_parsed_and_never_run() -> None:
    assert list(outline("a.py", CODE)) == [
        "5-9: class Model(Base)  # Scores rows.",
        "8-9:     def forward(self, x: int, *, p: float=0.5)",
        "12-12: def main()",
    ]


def test_other_formats_show_their_headings() -> None:
    assert list(outline("a.toml", "[model]\nx = 1\n[[lever]]\n")) == ["1: [model]", "3: [[lever]]"]
    assert list(outline("a.yaml", "train:\n  lr: 1\n")) == ["1: train:"]


def test_what_cannot_be_parsed_is_outlined_by_its_lines() -> None:
    assert list(outline("a.py", "# Title\ndef broken(:\n")) == ["1: # Title"]
    assert list(outline("a.py", "(" * 5000)) == []
