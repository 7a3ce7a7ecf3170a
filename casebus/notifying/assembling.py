"""The notifier as a component of an agency's node, put together from its settings."""

import ssl
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
    """Yield the ways that the settings name.

    Raises `UsageError` for half a setting, or a file of a secret or of certificates that cannot be read.
    """
    if settings.webhook_url is not None:
        secret = secret_of(settings.webhook_secret_file, "webhook_secret_file")
        if len(secret) < LEAST_SECRET_BYTES:
            raise UsageError(
                f"webhook_secret_file holds fewer than {LEAST_SECRET_BYTES} bytes",
                next_step="put a long random secret there, and give it to the webhook's owner.",
            )
        tls = _trusting(settings.webhook_ca_file, "webhook_ca_file")
        yield Way.webhook, Webhook(settings.webhook_url, secret, links, clock, tls)
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
        password = _ascii(secret_of(settings.mail_password_file, "mail_password_file"), "mail_password_file")
        _ascii(settings.mail_username.encode(), "mail_username")
    tls = _trusting(settings.mail_ca_file, "mail_ca_file")
    return Account(host, int(port), sender, settings.mail_username, password, tls)


def _ascii(text: bytes, setting: str) -> str:
    """Return a text as it can be told a mail server. Raises `UsageError`."""
    try:
        return text.decode("ascii")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{setting} holds a character beyond ASCII, which is not sent to a mail server",
            next_step="choose a user name and a password of plain letters, figures and signs.",
        ) from error


def _trusting(ca_file: str | None, setting: str) -> ssl.SSLContext | None:
    """Return a context that trusts the authorities of a file; None where none is named. Raises `UsageError`."""
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an SSL error is an OSError
        raise UsageError(
            f"{setting} cannot be read as certificates in PEM ({type(error).__name__})",
            next_step="name the file of the certificate authority, or remove the line.",
        ) from error
