"""Keeps secrets out of what is sent, kept and said: known values, and what looks like one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rea.agent.call import Failed, Link, Reply, Request, Unsent

MARK = "[redacted]"
SHORTEST = 8  # a shorter value would be found everywhere
_NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE", re.IGNORECASE)
# none of these can match a quote or a backslash, so that what was JSON stays JSON
_LOOKS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^\"\\]|\\.)*?-----END [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"),
    re.compile(
        r"\bglpat-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{20,}|\bxox[abpr]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}"
    ),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_AFTER = (  # what follows such a word is a secret, whatever it looks like
    re.compile(r"(?i)(\bbearer\s+)([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(?i)(\b(?:api[_-]?key|password|passwd|secret|access[_-]?token)\b\s*[:=]\s*)([^\s\"'\\,;]{6,})"),
    re.compile(r"(://[^\s/:@\"\\]+:)([^\s/@\"\\]+)(?=@)"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Redactor:
    """Replaces ``secrets`` and what looks like one."""

    secrets: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            for form in {secret, json.dumps(secret)[1:-1]}:
                text = text.replace(form, MARK)
        for look in _LOOKS:
            text = look.sub(MARK, text)
        for after in _AFTER:
            text = after.sub(rf"\g<1>{MARK}", text)
        return text


def redactor(key: str, environment: Mapping[str, str]) -> Redactor:
    """Return what removes the model's key and the values of variables that are named like secrets."""
    named = {value for name, value in environment.items() if _NAMED.search(name)}
    known = {secret for secret in (key, *named) if len(secret) >= SHORTEST}
    return Redactor(tuple(sorted(known, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Redact:
    """The first link: nothing behind it sees a secret, and nothing that comes back, an error neither, holds one."""

    link: Link
    clean: Redactor

    def ask(self, request: Request) -> Reply:
        try:
            reply = self.link.ask(replace(request, body=self.clean(request.body)))
        except Failed as error:
            raise self._cleaned(error) from None
        return replace(reply, body=self.clean(reply.body))

    def _cleaned(self, error: Failed) -> Failed:
        why = self.clean(str(error))
        return Unsent(why, error.again, error.after_s) if isinstance(error, Unsent) else type(error)(why)
