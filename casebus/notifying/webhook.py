"""A webhook: one POST of JSON, signed so that its receiver knows who sent it, and when.

`casebus-signature: t=SECONDS,v1=HEX` is HMAC-SHA256 over the seconds, a full stop and the body, under the shared secret;
a receiver refuses one that is some minutes old. `idempotency-key` is the notification's id: a repeat has the same.
"""

import hashlib
import hmac
import json
import ssl

import httpx2

from casebus.cases.notification import Notification
from casebus.clock import Clock
from casebus.notifying.told import Links

TIMEOUT_S = 5.0


class Webhook:
    """Posts to one address. Nothing but a 2xx answer is taken for delivered; no redirect is followed.

    `tls` is whom it trusts, None for the certificate authorities that everybody trusts.
    """

    def __init__(self, url: str, secret: bytes, links: Links, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._secret = secret
        self._links = links
        self._clock = clock
        self._verify = tls or True

    def send(self, notification: Notification) -> str | None:
        """Send; return why it was not taken, None where it was."""
        body = json.dumps(self._body(notification), separators=(",", ":")).encode()
        seconds = str(int(self._clock.now().timestamp()))
        signature = hmac.new(self._secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "idempotency-key": notification.notification_id,
            "casebus-signature": f"t={seconds},v1={signature}",
        }
        try:
            # Of the answer only its first line is wanted: a body without an end must not be read.
            with (
                httpx2.Client(
                    timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=self._verify
                ) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return None if answer.is_success else f"the webhook answered {answer.status_code}"
        except httpx2.HTTPError as error:
            return f"the webhook did not answer ({type(error).__name__})"

    def _body(self, notification: Notification) -> dict[str, str | None]:
        due = notification.respond_by
        return {
            "id": notification.notification_id,
            "type": notification.type,
            "ref": notification.ref,
            "severity": notification.severity.value,
            "escalated": notification.escalated.value,
            "respond_by": due.isoformat().replace("+00:00", "Z") if due else None,
            "link": self._links.to(notification),
        }
