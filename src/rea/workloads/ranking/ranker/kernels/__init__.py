"""The C kernels of ``kernels=fused``: compiled at first use with the system's compiler, kept in the user's cache, called through ctypes.

A machine without a compiler, or whose compiler fails, trains with torch's own operations; ``run.json`` says which it was. The bits of the
two differ within rounding, so a job that is resumed elsewhere needs a compiler there too to end at the same bits.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ranker.config import Config

SOURCES = tuple(sorted(Path(__file__).parent.glob("*.[ch]")))
# nothing here lets sums be reordered; the two about errors and traps only say that nobody looks at errno or at flags
FLAGS = ("-O3", "-march=native", "-std=gnu11", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden")
WIDE = ("-mprefer-vector-width=512",) if platform.machine() == "x86_64" else ()
PATIENCE = 120.0  # seconds for a compiler that usually takes two
POINTER, COUNT, NUMBER = ctypes.c_void_p, ctypes.c_long, ctypes.c_float
ARGUMENTS = {  # of each kernel: p a pointer, n a count, x a number
    "take": "ppnnnp",
    "gather": "pppnnnnp",
    "scatter": "pppnnnnp",
    "gather_sum": "pppnnnnp",
    "scatter_sum": "pppnnnnp",
    "norm_forward": "pnnppxxppppp",
    "norm_backward": "ppnnppppp",
    "factorisation": "pnnnppp",
    "factorisation_back": "ppppnnnp",
    "cross_forward": "ppppnnpp",
    "cross_back": "ppppnnnpppp",
    "cross_start": "pppnp",
    "add": "ppn",
    "add_transposed": "ppnn",
    "grow": "ppnn",
    "add_sum": "pnp",
    "narrowed": "pnp",
    "read_out": "pppnnp",
    "read_out_back": "pppnnpp",
    "log_loss": "pppnnxpp",
    "adam": "ppppnxxxpx",
    "can_multiply": "",
    "multiply": "ppnnnnp",
    "multiply_batch": "ppnnnp",
    "attention_room": "p",
    "attention": "ppppp",
    "attention_back": "ppppppp",
}

Call = tuple[Callable[..., int], tuple]  # a function, and what it is given


class Kernels(ctypes.CDLL):
    """The functions of the C files beside, for activations of type ``kind``."""

    def __init__(self, path: Path, kind: torch.dtype) -> None:
        super().__init__(str(path))
        self.kind = kind
        kinds = {"p": POINTER, "n": COUNT, "x": NUMBER}
        for name, letters in ARGUMENTS.items():
            function = getattr(self, name)
            function.argtypes = [kinds[letter] for letter in letters]
            function.restype = COUNT
        self.multiplies = bool(self.can_multiply())  # else torch does

    @contextmanager
    def noting(self, calls: list[Call]) -> Iterator[None]:
        """While entered, write down each call."""
        own = {name: getattr(self, name) for name in ARGUMENTS}
        for name, function in own.items():
            setattr(self, name, partial(_noted, calls, function))
        try:
            yield
        finally:
            vars(self).update(own)


def _noted(calls: list[Call], function: Callable[..., int], *given: Any) -> int:
    calls.append((function, given))
    return function(*given)


def load(config: Config) -> Kernels | None:
    """The kernels that a configuration asks for, or None: it asks for none, or they cannot be had here."""
    return (
        _library(torch.bfloat16 if config.precision == "bf16" else torch.float32) if config.kernels == "fused" else None
    )


@functools.cache
def _library(kind: torch.dtype) -> Kernels | None:
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    argv = [compiler, *FLAGS, *WIDE, *(["-DBF16"] if kind == torch.bfloat16 else []), "-shared", "-fPIC"]
    try:
        cache = _cache()
        if cache is not None:
            return Kernels(_kept(cache / f"{_name(argv)}.so", argv), kind)
        with tempfile.TemporaryDirectory(prefix="ranker-kernels-") as folder:
            return Kernels(_compiled(Path(folder) / "kernels.so", argv), kind)
    except (OSError, subprocess.SubprocessError):
        return None


def _cache() -> Path | None:
    """The folder to keep libraries in, if nobody else can write there: what lies in it is loaded and run."""
    try:  # without a home there is none
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "ranker-kernels"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, RuntimeError):
        return None
    mine = found.st_uid == os.geteuid() and not found.st_mode & 0o022
    return folder if mine and os.access(folder, os.W_OK) else None


def _name(argv: list[str]) -> str:
    """Of a library: what it is made from, by what, and for which processor, since homes are shared between machines."""
    version = subprocess.run([argv[0], "--version"], capture_output=True, check=True, timeout=PATIENCE).stdout
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else [platform.processor()]
    able = next((line for line in lines if line.startswith(("flags", "Features"))), platform.machine())
    whole = b"\0".join(
        [*(each.read_bytes() for each in SOURCES), *(word.encode() for word in argv), version, able.encode()]
    )
    return hashlib.sha256(whole).hexdigest()[:32]


def _kept(path: Path, argv: list[str]) -> Path:
    """``path``, compiled if it is not there; renamed into place whole, so that jobs that start together do no harm."""
    if not path.is_file():
        descriptor, partial = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        os.close(descriptor)
        try:
            _compiled(Path(partial), argv).replace(path)
        finally:
            Path(partial).unlink(missing_ok=True)
    return path


def _compiled(path: Path, argv: list[str]) -> Path:
    words = [*argv, "-o", str(path), *(str(each) for each in SOURCES if each.suffix == ".c"), "-lm"]
    subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE)
    return path
