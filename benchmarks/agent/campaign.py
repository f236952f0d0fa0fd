"""A simulated campaign that asks a model over HTTP, and what it came to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agent.role import Asking, nothing
from rea.agent.adapter.conversation import Asker
from rea.agent.adapter.provider import Provider
from rea.agent.chain import Account, chain
from rea.agent.configuration import Configuration, Key, Output
from rea.agent.question import Model
from rea.domain.plan import Envelope, Policy
from rea.testing.simulation import CAMPAIGN, Truth, World

TRUTH = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})
SHORT = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
BUDGET_S = 2400.0
SECRET = "planted-secret-1f0e9d8c7b6a"  # the key; nothing that is written or said may hold it
ENVIRONMENT = {"CANARY_API_KEY": "canary-5d4c3b2a19"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a campaign asks: where, in which form, with what it may cost, and what its model is shown."""

    url: str
    directory: Path
    output: Output = Output.TOOL
    tokens: int = 200_000
    micros: int = 0
    price: tuple[int, int] | None = None
    timeout_s: float = 5.0
    material: str = ""
    read: Callable[[], str] = nothing
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)


def configuration(setting: Setting) -> Configuration:
    return Configuration(
        provider="openai",
        name="scripted",
        url=setting.url,
        key_env="SCRIPTED_KEY",
        price=setting.price,
        output=setting.output,
        timeout_s=setting.timeout_s,
    )


def world(setting: Setting) -> World:
    """Return a world whose campaign may ask the model at ``setting.url``."""
    made = configuration(setting)
    w = World(
        truth=TRUTH,
        budget_s=BUDGET_S,
        policy=SHORT,
        calls=Envelope(model=made.terms, tokens=setting.tokens, micros=setting.micros),
        directory=setting.directory,
    )
    w.minds = (Asking(model(w, setting), setting.material, setting.read),)
    return w


def model(w: World, setting: Setting) -> Model:
    """Return the whole way to the server, as a campaign has it; only waiting between two tries is left out."""
    made = configuration(setting)
    key = Key(SECRET)
    account = Account(campaign=CAMPAIGN, journal=w.journal, state=lambda: w.state, directory=setting.directory)
    way = chain(Provider(made, key), made, key, account, setting.environment, wait=lambda _: None)
    return Asker(way, made)
