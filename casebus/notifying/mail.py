"""E-mail: plain text, one subject for all. Mail is read on telephones, in trains: it names a reference and nothing else."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from casebus.cases.notification import Notification
from casebus.cases.wording import SEVERITY, late
from casebus.clock import Clock
from casebus.notifying.told import Links
from casebus.settings import THIS_MACHINE

TIMEOUT_S = 5.0
SUBJECT = "casebus: something waits for you"


@dataclass(frozen=True, slots=True)
class Account:
    """Where mail is handed over. Without TLS to this machine only; `password` goes with `username`, both of them ASCII.

    `tls` is whom it trusts, None for the certificate authorities that this machine trusts.
    """

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None


class Mail:
    """Sends one message to every recipient. Delivered means: the mail server took it for all of them."""

    def __init__(self, account: Account, recipients: Sequence[str], links: Links, clock: Clock) -> None:
        self._account = account
        self._recipients = tuple(recipients)
        self._links = links
        self._clock = clock

    def send(self, notification: Notification) -> str | None:
        """Send; return why it was not taken, None where it was."""
        message = self._message(notification)
        try:
            with smtplib.SMTP(self._account.host, self._account.port, timeout=TIMEOUT_S) as server:
                self._secure(server)
                refused = server.send_message(message)
        except smtplib.SMTPResponseException as error:
            return f"the mail server answered {error.smtp_code}"
        except (OSError, smtplib.SMTPException, UnicodeError) as error:  # an SSL error is an OSError
            return f"the mail server could not be used ({type(error).__name__})"
        return f"the mail server refused {len(refused)} of {len(self._recipients)} addresses" if refused else None

    def _secure(self, server: smtplib.SMTP) -> None:
        if self._account.host not in THIS_MACHINE:
            server.starttls(context=self._account.tls or ssl.create_default_context())
        if self._account.username is not None:
            server.login(self._account.username, self._account.password or "")

    def _message(self, notification: Notification) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = SUBJECT
        message["From"] = self._account.sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{notification.notification_id}@{self._account.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join(self._lines(notification)) + "\n")
        return message

    def _lines(self, notification: Notification) -> list[str]:
        due, link = notification.respond_by, self._links.to(notification)
        said = late(notification.escalated, in_hand=notification.in_hand)
        return [
            f"{'Referral' if notification.referral_id else 'Alert'} {notification.ref}",
            f"Severity: {SEVERITY[notification.severity]}",
            *([f"{said[:1].upper()}{said[1:]}"] if said else []),
            *([f"An answer is due by {due:%Y-%m-%d %H:%M} UTC"] if due else []),
            *([link] if link else []),
            "",
            "What it is about stands on your desk's board. Do not answer this message.",
        ]
