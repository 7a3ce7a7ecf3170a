"""Say in seconds why a broker cannot be used.

kafka-python reports every cause below as "Unable to bootstrap" after half a minute, and a TLS peer that accepts and
stays silent hangs its constructors for ever. So before any client is built, one connection is made by hand:

1. TCP connect.  2. TLS handshake (`ssl`).  3. ApiVersions v0: under TLS 1.3 a refused client certificate shows only
here.  4. SaslHandshake v1 and SaslAuthenticate v0 with SCRAM (RFC 5802).

Requests and answers are `int32 size` and then, big-endian: `int16 api, int16 version, int32 correlation, int16 length,
client id, body`, and `int32 correlation, body`.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct

from casebus.bus.kafka_settings import SASL_MECHANISMS, KafkaSettings
from casebus.errors import BusError

_API_VERSIONS, _SASL_HANDSHAKE, _SASL_AUTHENTICATE = 18, 17, 36
_LARGEST_ANSWER = 1 << 20
_MOST_ITERATIONS = 1_000_000


def check_reachable(settings: KafkaSettings) -> None:
    """Return when one of the brokers answers and lets us in; else raise `BusError`: what is wrong with each."""
    failures = []
    for host, port in settings.addresses():
        try:
            return _check(host, port, settings)
        except BusError as failure:
            failures.append(failure)
    raise BusError(
        "no broker can be used: " + "; ".join(failure.what for failure in failures),
        unchanged="nothing was sent.",
        next_step=failures[0].next_step,
    )


def _check(host: str, port: int, settings: KafkaSettings) -> None:
    peer = f"{host}:{port}"
    context = settings.tls()
    with _connected(host, port, settings.connect_seconds) as plain:
        plain.settimeout(settings.connect_seconds)
        if context is None:
            return _converse(plain, peer, settings)
        with _handshaken(plain, host, peer, context) as connection:
            return _converse(connection, peer, settings)


def _connected(host: str, port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), seconds)
    except socket.gaierror as error:
        raise _refused(f"the host name {host} cannot be resolved", "check the name in --bootstrap.") from error
    except ConnectionRefusedError as error:
        raise _refused(f"nothing listens at {host}:{port}", "start the broker, or check the address.") from error
    except TimeoutError as error:
        raise _refused(
            f"{host}:{port} does not answer (no connection in {seconds:.0f} s)", "check the address and the firewall."
        ) from error
    except OSError as error:
        raise _refused(f"{host}:{port} cannot be reached: {error.strerror}", "check the network.") from error


def _handshaken(plain: socket.socket, host: str, peer: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except TimeoutError as error:
        raise _refused(
            f"{peer} accepts connections and stays silent in the TLS handshake",
            "see whether the broker is alive, and whether this port speaks TLS.",
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise _refused(
            f"the certificate of {peer} is not accepted: {error.verify_message}",
            "check the authorities' file, the certificate's dates, and that it names this host.",
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise _refused(
            f"the TLS handshake with {peer} failed: {_reason(error)}",
            "see whether this port speaks TLS, and whether it wants a client certificate.",
        ) from error


def _converse(connection: socket.socket, peer: str, settings: KafkaSettings) -> None:
    """Ask for the API versions and log in. Every way in which the peer may fail is named."""
    try:
        _api_versions(connection, peer)
        if settings.sasl_username is not None:
            _log_in(connection, peer, settings.sasl_username, settings)
    except TimeoutError as error:
        raise _refused(
            f"{peer} accepts connections and does not answer",
            "see whether the broker is alive, and whether this port speaks TLS.",
        ) from error
    except ssl.SSLError as error:
        raise _refused(
            f"{peer} refused our TLS certificate: {_reason(error)}",
            "check that the client certificate is signed by the authority that the broker trusts, and its dates.",
        ) from error
    except (EOFError, OSError) as error:
        raise _refused(
            f"{peer} closed the connection at the first request",
            "see whether this port expects TLS or a password, and whether the certificate's name is one it knows.",
        ) from error
    except (struct.error, ValueError, KeyError) as error:
        raise _not_kafka(peer) from error


def _api_versions(connection: socket.socket, peer: str) -> None:
    answer = _ask(connection, peer, _API_VERSIONS, 0, b"")
    error, count = struct.unpack_from(">hi", answer)
    if error != 0 or count <= 0:
        raise _not_kafka(peer)


def _log_in(connection: socket.socket, peer: str, user: str, settings: KafkaSettings) -> None:
    mechanism, password = settings.sasl_mechanism, settings.password()
    answer = _ask(connection, peer, _SASL_HANDSHAKE, 1, _string(mechanism))
    if struct.unpack_from(">h", answer) != (0,):
        raise _refused(f"{peer} does not offer logging in with {mechanism}", "check the port and the mechanism.")
    nonce = secrets.token_urlsafe(18)
    bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
    first = _authenticate(connection, peer, f"n,,{bare}")
    proof, signature = _scram(SASL_MECHANISMS[mechanism], password, bare, first, nonce)
    last = _authenticate(connection, peer, proof)
    if not hmac.compare_digest(last.encode(), signature.encode()):
        raise _refused(f"{peer} does not know the password itself", "check that this is the broker meant.")


def _scram(hash_name: str, password: str, bare: str, first: str, nonce: str) -> tuple[str, str]:
    """Return the client's final message and the server's final message that must follow (RFC 5802 §3)."""
    fields = dict(part.split("=", 1) for part in first.split(","))
    rounds = int(fields["i"])
    if not fields["r"].startswith(nonce) or not 0 < rounds <= _MOST_ITERATIONS:
        raise ValueError("not an answer to our challenge")

    def mac(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode(), hash_name).digest()

    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(fields["s"]), rounds)
    without_proof = f"c=biws,r={fields['r']}"
    message = f"{bare},{first},{without_proof}"
    client_key = mac(salted, "Client Key")
    client_signature = mac(hashlib.new(hash_name, client_key).digest(), message)
    proof = bytes(a ^ b for a, b in zip(client_key, client_signature, strict=True))
    server_signature = mac(mac(salted, "Server Key"), message)
    return f"{without_proof},p={base64.b64encode(proof).decode()}", f"v={base64.b64encode(server_signature).decode()}"


def _authenticate(connection: socket.socket, peer: str, message: str) -> str:
    body = message.encode()
    answer = _ask(connection, peer, _SASL_AUTHENTICATE, 0, struct.pack(">i", len(body)) + body)
    error, length = struct.unpack_from(">hh", answer)
    if error != 0:
        raise _refused(f"{peer} refused the user name or the password", "check both, and the broker's credentials.")
    at = 4 + max(length, 0)
    (size,) = struct.unpack_from(">i", answer, at)
    return answer[at + 4 : at + 4 + size].decode()


def _ask(connection: socket.socket, peer: str, api: int, version: int, body: bytes) -> bytes:
    request = struct.pack(">hhi", api, version, 1) + _string("casebus-preflight") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    head = _exactly(connection, 4)
    if head[:2] == b"\x15\x03":  # a TLS alert record in answer to clear text
        raise _refused(f"{peer} speaks TLS, and we were told to speak clear text", "set the authorities' file for TLS.")
    (size,) = struct.unpack(">i", head)
    if not 4 <= size <= _LARGEST_ANSWER:
        raise _not_kafka(peer)
    return _exactly(connection, size)[4:]


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = connection.recv(size - len(found))
        if not piece:
            raise EOFError("the peer closed the connection")
        found += piece
    return found


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or type(error).__name__).replace("_", " ").lower()


def _not_kafka(peer: str) -> BusError:
    return _refused(f"{peer} does not speak Kafka's protocol", "check the address and the port.")


def _refused(what: str, next_step: str) -> BusError:
    return BusError(what, unchanged="nothing was sent.", next_step=next_step)
