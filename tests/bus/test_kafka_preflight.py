"""Why a broker cannot be used is said in words, before any client is built."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from kafka_certificates import Authority
from kafka_node import new_node
from kafka_single_node import SingleNode

from casebus.bus.bounded import bounded
from casebus.bus.kafka_log import KafkaLog
from casebus.bus.kafka_preflight import _scram, check_reachable
from casebus.bus.kafka_settings import KafkaSettings
from casebus.clock import SystemClock
from casebus.errors import BusError, UsageError
from casebus.testing.log_contract import new_topic, numbered

real = pytest.mark.kafka
PASSWORD = "synthetic-password"

Peer = Callable[[socket.socket], None]


@pytest.fixture
def peer() -> Iterator[Callable[[Peer], str]]:
    """Start something that is no broker: each connection is handed to a function."""
    listeners: list[socket.socket] = []

    def start(talk: Peer) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def web_server(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def hangs_up(connection: socket.socket) -> None:
    connection.recv(4)


def tls_server(certificate: Path, client_authority: Path | None = None) -> Peer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            silent(secured)

    return talk


def refusal(settings: KafkaSettings) -> BusError:
    with pytest.raises(BusError) as raised:
        check_reachable(replace(settings, connect_seconds=0.5))
    assert raised.value.next_step
    return raised.value


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "nothing listens" in refusal(KafkaSettings(f"127.0.0.1:{port}")).what


def test_a_host_name_that_does_not_exist() -> None:
    assert "cannot be resolved" in refusal(KafkaSettings("no-such-host.invalid:9092")).what


def test_a_peer_that_accepts_and_stays_silent(peer: Callable[[Peer], str]) -> None:
    assert "does not answer" in refusal(KafkaSettings(peer(silent))).what


def test_a_silent_tls_peer_hangs_nobody(peer: Callable[[Peer], str], authority: Authority) -> None:
    settings = KafkaSettings(peer(silent), tls_ca=authority.file)
    assert "silent in the TLS handshake" in refusal(settings).what


@pytest.mark.parametrize(
    ("talk", "said"), [(web_server, "does not speak Kafka"), (hangs_up, "closed the connection at the first request")]
)
def test_a_peer_that_is_no_broker(peer: Callable[[Peer], str], talk: Peer, said: str) -> None:
    assert said in refusal(KafkaSettings(peer(talk))).what


def test_clear_text_to_a_tls_port(peer: Callable[[Peer], str], authority: Authority) -> None:
    address = peer(tls_server(authority.issue("server")))
    assert "TLS" in refusal(KafkaSettings(address)).diagnostics()


@pytest.mark.parametrize(
    ("issued", "said"),
    [
        ({"days": -1}, "expired"),
        ({"address": "127.0.0.9"}, "mismatch"),
    ],
)
def test_a_certificate_that_is_not_good(
    peer: Callable[[Peer], str], authority: Authority, issued: dict[str, object], said: str
) -> None:
    address = peer(tls_server(authority.issue("bad", **issued)))  # type: ignore[arg-type]
    failure = refusal(KafkaSettings(address, tls_ca=authority.file))
    assert "certificate" in failure.what
    assert said in failure.what


def test_a_certificate_of_another_authority(peer: Callable[[Peer], str], authority: Authority, tmp_path: Path) -> None:
    address = peer(tls_server(Authority(tmp_path, "other").issue("server")))
    assert "is not accepted" in refusal(KafkaSettings(address, tls_ca=authority.file)).what


def test_a_client_certificate_that_is_missing(peer: Callable[[Peer], str], authority: Authority) -> None:
    address = peer(tls_server(authority.issue("server"), authority.file))
    assert "refused our TLS certificate" in refusal(KafkaSettings(address, tls_ca=authority.file)).what


def test_every_address_is_named_when_none_can_be_used(peer: Callable[[Peer], str]) -> None:
    what = refusal(KafkaSettings(f"{peer(web_server)},{peer(hangs_up)}")).what
    assert "does not speak Kafka" in what
    assert "closed the connection" in what


def test_files_that_cannot_be_used_are_named_at_once(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    for settings in (
        KafkaSettings("h:1", tls_ca=missing),
        KafkaSettings("h:1", sasl_username="u", sasl_password_file=missing),
    ):
        with pytest.raises(UsageError, match=r"missing\.pem"):
            KafkaLog(settings, SystemClock())
    with pytest.raises(UsageError, match="password file"):
        KafkaLog(KafkaSettings("h:1", sasl_username="u"), SystemClock())


def test_scram_follows_the_example_of_rfc_7677() -> None:
    final, server = _scram(
        "sha256",
        "pencil",
        "n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "rOprNGfwEbeRWgbNEkqO",
    )
    assert final.endswith("p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    assert server == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_a_call_without_an_end_is_given_up() -> None:
    with pytest.raises(BusError, match="no answer"):
        bounded("waiting", 0.05, threading.Event().wait)


def test_what_a_bounded_call_raises_reaches_the_caller() -> None:
    with pytest.raises(KeyError):
        bounded("looking", 5, lambda: {}["nothing"])


@real
def test_a_broker_that_answers_is_reachable(kafka_node: SingleNode) -> None:
    check_reachable(KafkaSettings(kafka_node.bootstrap))


@real
def test_one_broker_that_answers_is_enough(kafka_node: SingleNode, peer: Callable[[Peer], str]) -> None:
    check_reachable(KafkaSettings(f"{peer(hangs_up)},{kafka_node.bootstrap}"))


@real
def test_tls_to_a_clear_text_port(kafka_node: SingleNode, authority: Authority) -> None:
    failure = refusal(KafkaSettings(kafka_node.bootstrap, tls_ca=authority.file))
    assert "TLS handshake" in failure.what
    assert "speaks TLS" in failure.next_step


@real
def test_the_cause_reaches_whoever_uses_the_log(authority: Authority, kafka_node: SingleNode) -> None:
    log = KafkaLog(KafkaSettings(kafka_node.bootstrap, tls_ca=authority.file), SystemClock())
    with pytest.raises(BusError, match="TLS handshake"):
        log.end(new_topic())
    log.close()


@pytest.fixture(scope="module")
def secure_node(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SingleNode]:
    """A node whose second listener wants TLS, a client certificate and a password."""
    secure = (
        "ssl.keystore.type=PEM\n"
        f"ssl.keystore.location={authority.issue('node')}\n"
        "ssl.truststore.type=PEM\n"
        f"ssl.truststore.location={authority.file}\n"
        "listener.name.secure.ssl.client.auth=required\n"
        "listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512\n"
        "listener.name.secure.scram-sha-512.sasl.jaas.config="
        "org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
    )
    users = (f"SCRAM-SHA-512=[name=nz-police,password={PASSWORD}]",)
    node = new_node(tmp_path_factory.mktemp("kafka") / "secure", secure=secure, users=users)
    yield node
    node.remove()


@pytest.fixture
def secure(secure_node: SingleNode, authority: Authority, tmp_path: Path) -> KafkaSettings:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    client = authority.issue("client")
    return KafkaSettings(
        f"127.0.0.1:{secure_node.secure_port}",
        tls_ca=authority.file,
        tls_certificate=client,
        tls_key=client,
        sasl_username="nz-police",
        sasl_password_file=password,
    )


@real
def test_a_log_works_over_tls_with_a_password(secure: KafkaSettings) -> None:
    log, topic = KafkaLog(secure, SystemClock()), new_topic()
    log.create([topic])
    assert log.append(topic, numbered(0, 3)) == [0, 1, 2]
    assert [r.record for r in log.read(topic, 0, limit=9)] == numbered(0, 3)
    log.close()


@real
def test_a_wrong_password_is_named(secure: KafkaSettings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another-password")
    settings = replace(secure, sasl_password_file=wrong)
    with pytest.raises(BusError, match="refused the user name or the password") as raised:
        check_reachable(settings)
    assert "another-password" not in raised.value.diagnostics()


@real
def test_a_mechanism_that_is_not_offered_is_named(secure: KafkaSettings) -> None:
    with pytest.raises(BusError, match="does not offer"):
        check_reachable(replace(secure, sasl_mechanism="SCRAM-SHA-256"))


@real
def test_a_broker_that_wants_a_certificate_says_so(secure: KafkaSettings) -> None:
    with pytest.raises(BusError, match="refused our TLS certificate"):
        check_reachable(replace(secure, tls_certificate=None, tls_key=None))


@real
def test_clear_text_to_a_real_tls_port_is_named(secure: KafkaSettings) -> None:
    with pytest.raises(BusError) as raised:
        check_reachable(KafkaSettings(secure.bootstrap))
    assert "TLS" in raised.value.diagnostics()
