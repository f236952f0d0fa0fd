"""The way to a provider: Redact, Ledger, Replay, Retry, in this order."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rea.agent.call import Link
from rea.agent.configuration import Configuration, Key
from rea.agent.ledger import Ledger
from rea.agent.redact import Redact, redactor
from rea.agent.replay import FOLDER, Heard, Nobody, Replay, Replies
from rea.agent.retry import Retry
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.ports import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """On whose account is asked: a campaign, its journal, its state as it is recorded now, and its directory."""

    campaign: CampaignId
    journal: Journal
    state: Callable[[], Campaign]
    directory: Path


def chain(
    provider: Link,
    configuration: Configuration,
    key: Key,
    account: Account,
    environment: Mapping[str, str],
    wait: Callable[[float], None] = time.sleep,
) -> Link:
    """Return the way to ``provider``.

    Secrets go before anything is recorded; a call is paid for once, so the ledger stands outside replay; what is sent again at once is
    only what nobody answered, so retry stands inside both.
    """
    clean = redactor(key.secret, environment)
    replies = Replies(account.directory / FOLDER, clean)
    paid = Ledger(
        link=Replay(Retry(provider, wait), replies),
        replies=replies,
        journal=account.journal,
        campaign=account.campaign,
        state=account.state,
        configuration=configuration,
    )
    return Redact(paid, clean)


def recorded_only(account: Account, environment: Mapping[str, str], heard: set[str] | None = None) -> Link:
    """Return a way that ends at what was kept, and notes in ``heard`` what was: nothing is sent, reserved or settled."""
    clean = redactor("", environment)
    kept = Replay(Nobody(), Replies(account.directory / FOLDER, clean))
    return Redact(Heard(kept, set() if heard is None else heard), clean)
