"""The notifier as a component of an agency's node, put together from its settings."""

from collections.abc import Iterator
from contextlib import ExitStack

from casebus.cases.notification import Way
from casebus.clock import Clock
from casebus.errors import UsageError
from casebus.events.enumerations import Severity
from casebus.node import Component, Late
from casebus.notifying.mail import Account, Mail
from casebus.notifying.notifier import Notifier
from casebus.notifying.told import Links, Messenger
from casebus.notifying.webhook import Webhook
from casebus.roles import Installation
from casebus.settings import NotifySettings, secret_of

NAME = "notifier"
LEAST_SECRET_BYTES = 16


def component(installation: Installation, agency: str, settings: NotifySettings, stack: ExitStack) -> Component:
    """Return the notifier as a part of a running node: what is wrong with it holds up nothing else there."""

    def build() -> tuple[Notifier]:
        store = installation.open_store(agency)
        stack.callback(store.close)
        console = installation.settings.console.get(agency)
        links = Links(console.address if console else None)
        messengers = dict(messengers_of(settings, links, installation.clock))
        notifier = Notifier(store, installation.clock, messengers, Severity(settings.least_severity))
        stack.callback(notifier.close)
        return (notifier,)

    return Component(NAME, installation.role(agency).lock(NAME), (Late(build),))


def ways_of(settings: NotifySettings, clock: Clock) -> list[str]:
    """Return by what the settings tell; nothing is sent. Raises like `messengers_of`."""
    return [way.value for way, _ in messengers_of(settings, Links(None), clock)]


def messengers_of(settings: NotifySettings, links: Links, clock: Clock) -> Iterator[tuple[Way, Messenger]]:
    """Yield the ways that the settings name. Raises `UsageError` for half a setting, or a secret that cannot be read."""
    if settings.webhook_url is not None:
        secret = secret_of(settings.webhook_secret_file, "webhook_secret_file")
        if len(secret) < LEAST_SECRET_BYTES:
            raise UsageError(
                f"webhook_secret_file holds fewer than {LEAST_SECRET_BYTES} bytes",
                next_step="put a long random secret there, and give it to the webhook's owner.",
            )
        yield Way.webhook, Webhook(settings.webhook_url, secret, links, clock, settings.webhook_ca_file)
    if settings.mail_server is not None:
        if settings.mail_from is None or not settings.mail_to:
            raise UsageError(
                "mail_server is set without mail_from and mail_to", next_step="set all three in [notify.AGENCY]."
            )
        yield (
            Way.email,
            Mail(_account(settings, settings.mail_server, settings.mail_from), settings.mail_to, links, clock),
        )
    if settings.webhook_url is None and settings.mail_server is None:
        raise UsageError(
            "nobody is told: neither webhook_url nor mail_server is set", next_step="set one, or remove the table."
        )


def _account(settings: NotifySettings, server: str, sender: str) -> Account:
    host, _, port = server.rpartition(":")
    password = None
    if settings.mail_username is not None:
        password = secret_of(settings.mail_password_file, "mail_password_file").decode()
    return Account(host, int(port), sender, settings.mail_username, password, settings.mail_ca_file)
