"""How a role reaches Kafka: addresses, TLS, password, time limits; and what clients and topics are told.

The names of clients' settings are kafka-python's, those of topics Apache Kafka's.
"""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casebus.bus.log import MAX_VALUE_BYTES
from casebus.errors import UsageError
from casebus.events.catalogue import writer_of
from casebus.settings import Settings

MAX_BATCH_BYTES = MAX_VALUE_BYTES + 65_536
"""What the broker accepts at once: the largest value, its key and its headers."""

BATCH_BYTES = 131_072
"""How much a writer sends at once; a larger record goes alone."""

BUFFERED_RECORDS = 500
"""So many records of a topic may wait, fetched, before it is paused; one more fetch comes on top."""

SASL_MECHANISMS = {"SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256"}
"""The password mechanisms that never send the password itself, and their hashes."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """What `KafkaLog` needs. TLS is used when `tls_ca` is set, a password when `sasl_username` is.

    All times are seconds. `answer_seconds` is how long a writer with sends outstanding, or a reader of records that
    exist, waits before it gives its client up and raises `BusError`.
    """

    bootstrap: str
    client_id: str = "casebus"
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    sasl_username: str | None = None
    sasl_password_file: Path | None = None
    sasl_mechanism: str = "SCRAM-SHA-512"
    replication_factor: int = 1
    min_insync_replicas: int = 1
    connect_seconds: float = 5.0
    request_seconds: float = 10.0
    delivery_seconds: float = 30.0
    answer_seconds: float = 15.0

    def check(self) -> None:
        """Raise `UsageError` for what can be seen to be wrong without asking a broker."""
        self.addresses()
        self.tls()
        if self.sasl_username is not None:
            self.password()

    def addresses(self) -> list[tuple[str, int]]:
        """Return the hosts and ports. Raises `UsageError` when `bootstrap` is not `HOST:PORT[,HOST:PORT...]`."""
        found = []
        for part in self.bootstrap.split(","):
            host, _, port = part.strip().rpartition(":")
            if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
                raise UsageError(
                    f"not HOST:PORT: {part.strip()[:80]!r}", next_step="give the brokers as HOST:PORT[,HOST:PORT...]."
                )
            found.append((host.strip("[]"), int(port)))
        return found

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context, which checks chain and host name, or None without TLS.

        Raises `UsageError` naming the file that cannot be used.
        """
        if self.tls_ca is None:
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.tls_ca))
        except (OSError, ssl.SSLError) as error:
            raise _unusable("certificate authorities", self.tls_ca, error) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.tls_certificate is not None:
            try:
                context.load_cert_chain(self.tls_certificate, self.tls_key)
            except (OSError, ssl.SSLError) as error:
                raise _unusable("certificate and key", self.tls_certificate, error) from error
        return context

    def password(self) -> str:
        """Return the password from its file, without the line's end. Raises `UsageError`."""
        if self.sasl_password_file is None or self.sasl_mechanism not in SASL_MECHANISMS:
            raise UsageError(
                "a Kafka user name needs a password file and one of the mechanisms " + ", ".join(SASL_MECHANISMS)
            )
        try:
            return self.sasl_password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable("password", self.sasl_password_file, error) from error

    def client(self) -> dict[str, Any]:
        """Return what every client is told."""
        tls = self.tls()
        told: dict[str, Any] = {
            "bootstrap_servers": [f"{host}:{port}" for host, port in self.addresses()],
            "client_id": self.client_id,
            "request_timeout_ms": int(self.request_seconds * 1000),
            "bootstrap_timeout_ms": int(self.request_seconds * 1000),
            "reconnect_backoff_max_ms": 1000,
            "security_protocol": ("SASL_" if self.sasl_username else "") + ("SSL" if tls else "PLAINTEXT"),
            "ssl_context": tls,
        }
        if self.sasl_username:
            told["sasl_mechanism"] = self.sasl_mechanism
            told["sasl_plain_username"] = self.sasl_username
            told["sasl_plain_password"] = self.password()
        return told

    def producer(self) -> dict[str, Any]:
        """Return what the writer's client is told."""
        return self.client() | {
            "acks": "all",
            "enable_idempotence": True,
            "batch_size": BATCH_BYTES,
            # Only `flush` sends: of two half-filled batches the first could fail while the second succeeds.
            "linger_ms": int((self.delivery_seconds - self.request_seconds) * 1000),
            "delivery_timeout_ms": int(self.delivery_seconds * 1000),
            "max_block_ms": int(self.request_seconds * 1000),
            "allow_auto_create_topics": False,
        }

    def consumer(self) -> dict[str, Any]:
        """Return what the reader's client is told."""
        return self.client() | {
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",  # a position that is gone is an error, never a jump
            "isolation_level": "read_committed",
            "check_crcs": True,
            # A poll takes all that was fetched. What kafka-python 3.0.12 keeps of a fetch for a topic that is paused
            # meanwhile it may never hand over, nor fetch again (KafkaConsumer looks for `is None` and finds "empty").
            "max_poll_records": 1_000_000,
            "max_partition_fetch_bytes": 2 * MAX_BATCH_BYTES,
            "fetch_max_bytes": 8 * MAX_BATCH_BYTES,
            "fetch_max_wait_ms": 100,  # a fetch that waits for one topic keeps the others waiting as long
            "allow_auto_create_topics": False,
        }

    def topic(self) -> dict[str, str]:
        """Return the settings that every topic of ours must have, so that nothing is lost, packed or dated falsely."""
        return {
            "cleanup.policy": "delete",
            "compression.type": "uncompressed",  # the broker unpacks what is packed, and refuses a bomb
            "max.message.bytes": str(MAX_BATCH_BYTES),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(self.min_insync_replicas),
            "retention.bytes": "-1",
            "retention.ms": "-1",
        }


def is_topic(name: str) -> bool:
    """Tell whether a name is a topic of ours.

    Narrower than Kafka's names: `_` collides with `.` in the broker, and both could be made in one call.
    """
    try:
        _, owner = writer_of(name)
    except ValueError:
        return False
    return re.fullmatch(r"[a-z0-9-]+", owner) is not None


def _unusable(what: str, path: Path, error: Exception) -> UsageError:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
    return UsageError(f"the file with the Kafka {what} cannot be used: {path}: {reason}")


def kafka_settings(settings: Settings, client: str) -> KafkaSettings:
    """Return the Kafka client's settings."""
    assert settings.bootstrap is not None, "bug: no broker is set"
    return KafkaSettings(
        bootstrap=settings.bootstrap,
        client_id=f"casebus.{client}",
        tls_ca=_path(settings.kafka_ca_file),
        tls_certificate=_path(settings.kafka_certificate_file),
        tls_key=_path(settings.kafka_key_file),
        sasl_username=settings.kafka_username,
        sasl_password_file=_path(settings.kafka_password_file),
        replication_factor=settings.replication_factor,
    )


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)
