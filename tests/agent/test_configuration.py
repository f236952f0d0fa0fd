"""A model by configuration: from a file or the environment, never with the key in it."""

from pathlib import Path

import pytest

from rea.agent.configuration import Key, Output, configured, key_of, record, recorded
from rea.domain.errors import IntegrityError, UsageError


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "model.toml").write_text(text)
    return tmp_path


def test_without_anything_there_is_no_model(tmp_path: Path) -> None:
    assert configured(tmp_path, {}) is None


def test_a_file_says_which_and_the_environment_wins(tmp_path: Path) -> None:
    state = written(
        tmp_path, 'model = "openai:small"\nurl = "http://127.0.0.1:1/v1"\nprice = [2.5, 10]\noutput = "native"\n'
    )
    found = configured(state, {})
    assert found is not None
    assert (found.label, found.price, found.output) == (
        "openai:small at 127.0.0.1:1",
        (2_500_000, 10_000_000),
        Output.NATIVE,
    )
    other = configured(state, {"REA_MODEL": "anthropic:big", "REA_MODEL_PRICE": "3,15", "REA_MODEL_URL": "https://x"})
    assert other is not None
    assert (other.label, other.price) == ("anthropic:big at x", (3_000_000, 15_000_000))


def test_money_is_rounded_up() -> None:
    found = configured(Path("/nowhere"), {"REA_MODEL": "openai:m", "REA_MODEL_PRICE": "0.1,0.4"})
    assert found is not None
    assert found.cost(1, 0) == 1
    assert found.cost(1_000_000, 1_000_000) == 500_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('model = "gpt"', "names no model"),
        ('model = "acme:x"', "names no model"),
        ('modle = "openai:x"', "did you mean 'model'"),
        ('model = "openai:x"\nkey = "sk-1"', "unknown entry 'key'"),
        ('model = "openai:x"\nkey_env = "REA_KEY"', "wake script"),
        ('model = "openai:x"\nurl = "http://me:pw@h/v1"', "password"),
        ('model = "openai:x"\nurl = "file:///etc"', "no address"),
        ('model = "openai:x"\nurl = "http://far/v1"\nkey_env = "K"', "unencrypted"),
        ('model = "openai:x"\nprice = [1]', "two amounts"),
        ('model = "openai:x"\nprice = [-1, 2]', "two amounts"),
        ('model = "openai:x"\noutput = "json"', "output|Output"),
        ('model = "openai:x"\ntimeout_s = 0', "timeout_s"),
        ("model = ", "model.toml"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        configured(written(tmp_path, text), {})
    assert any(part in f"{error.value.message} {error.value.hint}" for part in said.split("|"))


def test_a_key_comes_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("planted-1f0e9d8c7b6a\n")
    file.chmod(0o600)
    found = configured(tmp_path, {"REA_MODEL": "openai:m", "REA_MODEL_KEY_FILE": str(file)})
    assert found is not None
    assert key_of(found, {}).secret == "planted-1f0e9d8c7b6a"
    file.chmod(0o644)
    with pytest.raises(UsageError, match="read by others") as error:
        key_of(found, {})
    assert "planted" not in str(error.value)


def test_a_key_comes_from_a_variable_that_the_configuration_names() -> None:
    found = configured(Path("/nowhere"), {"REA_MODEL": "openai:m"})
    assert found is not None
    assert key_of(found, {"OPENAI_API_KEY": " planted "}).secret == "planted"
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        key_of(found, {})


def test_a_server_without_a_key_gets_none_even_where_one_lies_about() -> None:
    found = configured(Path("/nowhere"), {"REA_MODEL": "openai:m", "REA_MODEL_URL": "http://127.0.0.1:1/v1"})
    assert found is not None
    assert key_of(found, {"OPENAI_API_KEY": "planted"}).secret == ""


def test_a_key_does_not_show_itself() -> None:
    assert "planted" not in f"{Key('planted')} {Key('planted')!r} {[Key('planted')]}"


def test_what_a_campaign_asks_is_taken_down_without_the_key(tmp_path: Path) -> None:
    found = configured(tmp_path, {"REA_MODEL": "openai:m", "REA_MODEL_PRICE": "1,2", "OPENAI_API_KEY": "planted"})
    assert found is not None
    assert recorded(tmp_path) is None
    record(tmp_path, found)
    assert recorded(tmp_path) == found
    assert "planted" not in (tmp_path / "model.json").read_text()
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(IntegrityError):
        recorded(tmp_path)
