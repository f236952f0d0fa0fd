"""Secrets are taken out, by value and by look; what was JSON stays JSON, and other text stays as it is."""

import json

import pytest

from rea.agent.redact import MARK, redactor

SECRETS = [
    "sk-abcdefghijklmnop1234",
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_abcdefghijklmnopqrst1234",
    "hf_abcdefghijklmnopqrstuv",
    "AIzaabcdefghijklmnopqrstuvwxyz0123456",
    "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_goes_and_json_stays_json(secret: str) -> None:
    clean = redactor("", {})
    assert secret not in clean(f"before {secret} after")
    body = json.dumps({"messages": [{"content": f'it is "{secret}"\n'}], "n": 1})
    cleaned = json.loads(clean(body))
    assert secret.splitlines()[0] not in json.dumps(cleaned)
    assert MARK in cleaned["messages"][0]["content"]
    assert cleaned["n"] == 1


@pytest.mark.parametrize(
    "text", ["Authorization: Bearer abc123def456", "password = hunter22", "https://me:hunter22@host/x"]
)
def test_what_follows_a_telling_word_goes(text: str) -> None:
    cleaned = redactor("", {})(text)
    assert MARK in cleaned
    assert "hunter22" not in cleaned
    assert "abc123def456" not in cleaned


def test_values_of_variables_that_are_named_like_secrets_go() -> None:
    clean = redactor("the-models-key", {"DB_PASSWORD": 'quo"ted-pass', "HOME": "/home/somebody", "A_KEY": "short"})
    told = clean(json.dumps({"a": 'the-models-key quo"ted-pass /home/somebody short'}))
    assert json.loads(told) == {"a": f"{MARK} {MARK} /home/somebody short"}


@pytest.mark.parametrize(
    "text",
    ["learning_rate x 3 helps at 0.0012", "task-specific towers", "token embeddings: 16", '{"secret_sauce": true}'],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redactor("", {})(text) == text
