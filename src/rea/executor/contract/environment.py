"""What of our own environment a job may see."""

from collections.abc import Mapping

ALLOWED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_HOME", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
)


def clean_environment(ours: Mapping[str, str], extra: Mapping[str, str] | None = None) -> tuple[tuple[str, str], ...]:
    """Return sorted pairs: the allow-listed part of ``ours`` and ``extra`` over it. Unnamed tokens stay behind."""
    kept = {name: ours[name] for name in ALLOWED if name in ours}
    return tuple(sorted({**kept, **(extra or {})}.items()))
