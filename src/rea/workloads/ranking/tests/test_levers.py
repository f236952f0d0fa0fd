"""workload.toml and the config agree; every lever works; the inert ones do nothing."""

import tomllib
from dataclasses import fields

import pyarrow.parquet as pq
import pytest
import torch
from conftest import ROOT

from ranker import loop
from ranker.config import Config, parse

LEVERS = {lever["name"]: lever for lever in tomllib.loads((ROOT / "workload.toml").read_text())["lever"]}
INERT = [name for name in LEVERS if name.startswith("inert_")]
DEFAULTS = {each.name: each.default for each in fields(Config)}
CHOSEN = {
    "history": 5,
    "epochs": 3,
    "batch_size": 512,
    "micro_batch": 64,
    "embedding_dim": 16,
    "tower_width": 128,
    "interaction_width": 8,
    "ensemble": 2,
}


def word(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def another(lever):
    """A value that is not the default."""
    if lever["name"] in CHOSEN:
        return CHOSEN[lever["name"]]
    if lever["type"] == "bool":
        return not lever["default"]
    if lever["type"] == "choice":
        return next(choice for choice in reversed(lever["choices"]) if choice != lever["default"])
    middle = lever["low"] + (lever["high"] - lever["low"]) * (0.3 if lever["default"] != lever["high"] else 0.5)
    if lever["type"] == "float":
        return middle
    return round(middle) if round(middle) != lever["default"] else int(lever["high"])


def bits(out):
    return pq.read_table(out / "predictions.parquet")["prediction"].to_numpy().tobytes()


def test_there_are_enough_of_them():
    assert len(LEVERS) - len(INERT) >= 30 and len(INERT) == 8


@pytest.mark.parametrize("lever", LEVERS.values(), ids=list(LEVERS))
def test_a_lever_s_default_and_range_are_those_of_the_config(lever):
    assert lever["default"] == DEFAULTS[lever["name"]]
    assert lever["type"] == {bool: "bool", int: "int", float: "float", str: "choice"}[type(DEFAULTS[lever["name"]])]
    for value in [
        lever["default"],
        *lever.get("choices", []),
        *(lever[end] for end in ("low", "high") if end in lever),
    ]:
        assert getattr(parse([f"{lever['name']}={word(value)}"]), lever["name"]) == value


@pytest.mark.parametrize(
    "lever", [each for name, each in LEVERS.items() if name not in INERT], ids=lambda each: each["name"]
)
def test_a_lever_is_accepted_by_a_training_which_repeats_bit_for_bit(tiny, trained, lever):
    words = (f"{lever['name']}={word(another(lever))}", "rows=0.3")
    (first, code), (again, _) = (trained(tiny[0], *words, name=name) for name in ("first", "again"))
    assert code == 0
    assert bits(first) == bits(again)


DRAWING = ["dropout=0.2", "id_dropout=0.1", "consistency=1", "sharpness=0.1"]  # what draws while it trains


def test_a_draw_that_no_seed_decides_would_be_noticed(tiny, trained, monkeypatch):
    first = bits(trained(tiny[0], *DRAWING, "rows=0.3", name="first")[0])
    assert bits(trained(tiny[0], *DRAWING, "rows=0.3", name="again")[0]) == first
    monkeypatch.setattr(loop, "_seed", lambda *_: torch.default_generator.seed())
    assert bits(trained(tiny[0], *DRAWING, "rows=0.3", name="unseeded")[0]) != first


NEUTRAL = {
    "monitor",
    "early_stopping",
    "attention_heads",
    "gradient_clip",
    "interaction_width",
    "codistillation",
    "serve_one",
    "consistency",
}  # of use with others only


def test_levers_change_predictions_and_inert_ones_do_not(tiny, trained):
    plain = bits(trained(tiny[0], "rows=0.3", name="plain")[0])
    same = set()
    for name, lever in LEVERS.items():
        out, _ = trained(tiny[0], "rows=0.3", f"{name}={word(another(lever))}", name=name)
        same |= {name} if bits(out) == plain else set()
    assert set(INERT) <= same
    assert same - set(INERT) <= NEUTRAL


def test_the_smoke_and_the_rungs_are_accepted():
    workload = tomllib.loads((ROOT / "workload.toml").read_text())
    for overrides in (workload["smoke"]["overrides"], workload["fidelity"][0]["overrides"]):
        parse([f"{name}={word(value)}" for name, value in overrides.items()])
    assert workload["fidelity"][-1]["share"] == 1.0
