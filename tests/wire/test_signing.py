"""DSSE of the verifiability extension, against the extension's own test vectors and against mischief."""

import base64
import json
from hashlib import sha256
from typing import Any

import pytest

from casebus import keys
from casebus.errors import ParkReason, WireError
from casebus.wire import signing

KEY = keys.training_signing_key("nz-police")
EVENT = {"specversion": b"1.0", "id": b"1", "source": b"example/uri", "type": b"example.type"}
MATERIAL = bytes(32)
SIGNED = signing.sign(MATERIAL, KEY, "a-key")


def refused(value: bytes) -> None:
    with pytest.raises(WireError) as caught:
        signing.verify(signing.parse_envelope(value), MATERIAL, KEY.public_key())
    assert (caught.value.reason, caught.value.authentic) == (ParkReason.SIGNATURE_INVALID, False)


def envelope(**changes: Any) -> bytes:
    document = {**json.loads(base64.b64decode(SIGNED)), **changes}
    return base64.b64encode(json.dumps(document).encode())


def test_binary_data_gives_the_material_of_the_extensions_test_vector() -> None:
    # cloudevents/spec cloudevents/extensions/verifiability.md, test vectors, case 5
    values = {**EVENT, "type": b"example.type.binary"}
    data = base64.b64decode("8J+koQ==")
    material = signing.material_of(values, b"application/octet-stream", data, ())
    assert base64.b64encode(material) == b"qCSeiZkS+hH9WiClfq6plfqYNVy2kvxWRfoBrLEzoDk="


def test_listed_extensions_follow_the_data_in_the_listed_order() -> None:
    # The extension's vectors for this hold JSON data and do not say how it was spelled, so the formula stands here.
    values = {**EVENT, "exta": b"value1", "extb": b"value2", "extc": b"not signed"}
    core = (b"1", b"example/uri", b"1.0", b"example.type", b"application/avro", b"", b"", b"", b"data")
    parts = (*core, b"extb", b"value2", b"exta", b"value1")
    expected = sha256(b"".join(sha256(part).digest() for part in parts)).digest()
    assert signing.material_of(values, b"application/avro", b"data", ["extb", "exta"]) == expected
    assert signing.material_of(values, b"application/avro", b"data", ["exta", "extb"]) != expected


def test_what_is_signed_verifies_and_names_its_key() -> None:
    read = signing.parse_envelope(SIGNED)
    assert (read.key_id, read.material) == ("a-key", MATERIAL)
    signing.verify(read, MATERIAL, KEY.public_key())
    signing.verify(signing.parse_envelope(envelope(more="a later field")), MATERIAL, KEY.public_key())


def test_the_signature_is_that_of_the_dsse_protocol() -> None:
    kind = "https://cloudevents.io/verifiability/dsse/v0.1"
    signed = b"DSSEv1 %d %s 32 %s" % (len(kind), kind.encode(), MATERIAL)
    document = json.loads(base64.b64decode(SIGNED))
    KEY.public_key().verify(base64.b64decode(document["signatures"][0]["sig"]), signed)
    assert document["payloadType"] == kind


def test_another_key_or_other_material_does_not_verify() -> None:
    read = signing.parse_envelope(SIGNED)
    with pytest.raises(WireError):
        signing.verify(read, MATERIAL, keys.training_signing_key("uk-nca").public_key())
    with pytest.raises(WireError):
        signing.verify(read, b"\x01" * 32, KEY.public_key())


ONE = json.loads(base64.b64decode(SIGNED))["signatures"][0]
assert ONE["sig"][-3] in "AQgw"  # the next letter differs in bits that no byte holds


@pytest.mark.parametrize(
    "value",
    [
        b"!",
        b"\xff\xff\xff\xff",
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED + b"====",
        base64.b64encode(b"[" * 5000),
        base64.b64encode(b"[]"),
        base64.b64encode(b"\xff"),
        base64.b64encode(base64.b64decode(SIGNED).replace(b'{"payloadType"', b'{"payload":"","payloadType"')),
        envelope(payloadType="application/json"),
        envelope(payload="AA=="),
        envelope(payload=None),
        envelope(signatures=[]),
        envelope(signatures=[ONE, ONE]),
        envelope(signatures=[{"keyid": "a-key", "sig": ""}]),
        envelope(signatures=[{"keyid": "a-key", "sig": ONE["sig"].replace("=", "")}]),
        envelope(signatures=[{"keyid": "a-key", "sig": ONE["sig"] + "\n"}]),
        envelope(signatures=[{"keyid": "a-key", "sig": ONE["sig"][:-3] + chr(ord(ONE["sig"][-3]) + 1) + "=="}]),
        envelope(signatures=[{"keyid": 7, "sig": ONE["sig"]}]),
        envelope(signatures="none"),
    ],
)
def test_what_is_no_envelope_of_ours_is_refused(value: bytes) -> None:
    refused(value)


@pytest.mark.parametrize(
    "listed", [["exta", "exta"], ["id"], ["time"], ["dssematerial"], ["signedextattrs"], ["absent"], [" exta"]]
)
def test_a_list_of_signed_attributes_that_breaks_the_rules_is_refused(listed: list[str]) -> None:
    with pytest.raises(WireError) as caught:
        signing.material_of({**EVENT, "exta": b"value1"}, b"", b"", listed)
    assert caught.value.reason is ParkReason.SIGNATURE_INVALID
