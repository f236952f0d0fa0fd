"""No port without a suite: whoever writes another implementation can run what ours are held to."""

import re
from importlib import import_module
from typing import Protocol

import pytest

from rea import ports

PORTS = [name for name, one in vars(ports).items() if isinstance(one, type) and Protocol in one.__bases__]


def suite_of(port: str) -> type:
    """Return the suite that is shipped for a port: JobBackend has BackendConformance in conformance_backend."""
    word = re.findall("[A-Z][a-z]+", port)[-1]
    module = import_module(f"rea.testing.conformance_{word.lower()}")
    found: type = getattr(module, f"{word}Conformance")
    return found


@pytest.mark.parametrize("port", PORTS)
def test_a_port_has_a_suite_of_a_few_laws(port: str) -> None:
    laws = [name for name in vars(suite_of(port)) if name.startswith("test_")]
    assert len(laws) >= 4


def test_the_list_is_not_empty_and_a_port_without_a_suite_is_seen() -> None:
    assert {"Journal", "JobBackend", "HypothesisSource", "Workspace"} <= set(PORTS)
    with pytest.raises(ModuleNotFoundError):
        suite_of("Telephone")
