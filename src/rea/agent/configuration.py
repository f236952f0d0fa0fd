"""Which language model is asked, where, at what price, and where its key lies: from ``model.toml`` or the environment. Never the key itself.

model = "openai:NAME"            # openai, anthropic or google; openai with a url is any OpenAI-compatible server
url = "http://127.0.0.1:8000/v1" # of such a server, or of a proxy; may be left out
key_file = "/home/me/.model-key" # readable by its owner alone; or key_env = "OPENAI_API_KEY", which wakes from jobs do not have
price = [2.5, 10.0]              # per million tokens, in and out; without it tokens alone are capped
output = "tool"                  # or native, or prompted: how an answer in a fixed form is asked for
timeout_s = 120
"""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from rea.domain.errors import IntegrityError, UsageError

FILE = "model.toml"  # under the state directory
RECORD = "model.json"  # in the directory of a campaign
LOOPBACK = ("localhost", "127.0.0.1", "::1")
KEY_ENV = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google": "GOOGLE_API_KEY"}
# stated, so that no variable of the environment sends a campaign's code elsewhere
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
}
_VARIABLES = {
    "model": "REA_MODEL",
    "url": "REA_MODEL_URL",
    "key_env": "REA_MODEL_KEY_ENV",
    "key_file": "REA_MODEL_KEY_FILE",
    "price": "REA_MODEL_PRICE",
    "output": "REA_MODEL_OUTPUT",
    "timeout_s": "REA_MODEL_TIMEOUT_S",
}
_KEY_BYTES = 10_000


class Output(StrEnum):
    """How an answer in a fixed form is asked for: as a tool's arguments, by the provider's own means, or in words."""

    TOOL = "tool"
    NATIVE = "native"
    PROMPTED = "prompted"


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model. ``price`` is in millionths of a currency per million tokens, in and out; None: tokens alone are capped."""

    provider: str
    name: str
    url: str = ""
    key_env: str = ""
    key_file: str = ""
    price: tuple[int, int] | None = None
    output: Output = Output.TOOL
    timeout_s: float = 120.0

    @property
    def address(self) -> str:
        """Where requests go."""
        return self.url or ADDRESSES[self.provider]

    @property
    def label(self) -> str:
        """Which model, and on which server where it is not the provider's own."""
        return f"{self.provider}:{self.name}" + (f" at {urlsplit(self.url).netloc}" if self.url else "")

    @property
    def terms(self) -> str:
        """What an approval names: which model, where, and at what price, so that none of them can change afterwards."""
        if self.price is None:
            return self.label
        per_in, per_out = (amount / 1e6 for amount in self.price)
        return f"{self.label} for {per_in:g} in and {per_out:g} out per million tokens"

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Return what so many tokens cost, in millionths, rounded up."""
        per_in, per_out = self.price or (0, 0)
        return -(-(tokens_in * per_in + tokens_out * per_out) // 1_000_000)


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A secret that says nothing of itself when it is printed. "" where a server wants none."""

    secret: str

    def __repr__(self) -> str:
        return "Key(...)" if self.secret else "Key()"


def configured(state: Path, environment: Mapping[str, str]) -> Configuration | None:
    """Return the model that is configured, the environment winning over the file; None: there is none.

    Raises:
        UsageError: the configuration cannot be used.
    """
    entries = _entries(state / FILE)
    entries |= {entry: environment[v] for entry, v in _VARIABLES.items() if environment.get(v)}
    return _of(entries) if entries.get("model") else None


def record(directory: Path, configuration: Configuration) -> None:
    """Take down which model the campaign in ``directory`` asks, so that one woken weeks later asks the same."""
    (directory / RECORD).write_bytes(msgspec.json.encode(configuration))


def recorded(directory: Path) -> Configuration | None:
    """Return what was taken down; None: the campaign asks no model. Raises IntegrityError when it cannot be read."""
    try:
        return msgspec.json.decode((directory / RECORD).read_bytes(), type=Configuration)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise IntegrityError(f"{directory / RECORD} cannot be read: {error}", "restore it from a backup") from error


def key_of(configuration: Configuration, environment: Mapping[str, str]) -> Key:
    """Return the key, from its file or the environment.

    Raises:
        UsageError: there is none, or its file can be read by others.
    """
    if configuration.key_file:
        return _from_file(Path(configuration.key_file).expanduser())
    name = configuration.key_env or KEY_ENV[configuration.provider]
    if configuration.url and not configuration.key_env:
        return Key("")
    if secret := environment.get(name, "").strip():
        return Key(secret)
    raise UsageError(
        f"{configuration.label} wants a key, and {name} is not set here",
        "put it in a file that only you can read and name that as key_file; wakes from jobs see no other variables",
    )


def _from_file(path: Path) -> Key:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise UsageError(f"{path} can be read by others", f"chmod 600 {path}")
        secret = path.read_bytes()[:_KEY_BYTES].decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the key in {path} cannot be read", "correct key_file, or the file") from error
    if not secret or not secret.isprintable() or " " in secret:
        raise UsageError(f"{path} holds no key", "one line with the key and nothing else")
    return Key(secret)


def _entries(path: Path) -> dict[str, object]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}", "correct the file") from error
    for name in entries:
        if name not in _VARIABLES:
            near = get_close_matches(name, _VARIABLES, 1)
            hint = "a key is never written here: name its file as key_file" if "key" in name else "see docs/models.md"
            raise UsageError(f"{path}: unknown entry {name!r}", f"did you mean {near[0]!r}?" if near else hint)
    return entries


def _of(entries: Mapping[str, object]) -> Configuration:
    provider, sign, name = str(entries["model"]).partition(":")
    if provider not in KEY_ENV or not sign or not name:
        raise UsageError(f"model {entries['model']!r} names no model", f"PROVIDER:NAME, of {', '.join(KEY_ENV)}")
    try:
        made = Configuration(
            provider=provider,
            name=name,
            url=str(entries.get("url", "")).rstrip("/"),
            key_env=str(entries.get("key_env", "")),
            key_file=str(entries.get("key_file", "")),
            price=_price(entries.get("price")),
            output=Output(str(entries.get("output", Output.TOOL))),
            timeout_s=float(str(entries.get("timeout_s", 120.0))),
        )
    except ValueError as error:
        raise UsageError(f"the model's configuration: {error}", "see docs/models.md") from error
    _check(made)
    return made


def _price(given: object) -> tuple[int, int] | None:
    if given is None:
        return None
    parts = given if isinstance(given, list) else str(given).split(",")
    values = [float(part) for part in parts]
    if len(values) != 2 or not all(0 <= value < 1e9 for value in values):
        raise ValueError(f"price {given!r} is not two amounts per million tokens, in and out")
    return round(values[0] * 1_000_000), round(values[1] * 1_000_000)


def _check(made: Configuration) -> None:
    if made.key_env.startswith("REA_"):
        raise UsageError("a key in a variable REA_... would be written into the wake script", "give it another name")
    if not 0 < made.timeout_s <= 3600:
        raise UsageError(f"timeout_s {made.timeout_s} is not between 0 and 3600 s", "correct it")
    if not made.url:
        return
    parts = urlsplit(made.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError("url is no address of a server", "such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise UsageError("url holds a user or a password", "keys come from key_file or key_env")
    secret = made.key_env or made.key_file
    if parts.scheme == "http" and secret and parts.hostname not in LOOPBACK:
        raise UsageError(f"a key would go to {parts.hostname} unencrypted", "use https, or no key")
