"""What is sealed for one agency is read by that agency alone, in the one place that it belongs to."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus import keys
from casebus.errors import UsageError
from casebus.events.enumerations import DisclosedField
from casebus.events.types import SealedBox
from casebus.sealing import MAX_FIELDS, MAX_VALUE_CHARS, Belongs, Content, Unopenable, open_box, seal
from casebus.wire.ids import content_id

KEY = keys.training_encryption_key("uk-nca")
PUBLIC = keys.public_bytes(KEY)
BELONGS = Belongs("DeskMessage", content_id("message"), "uk-nca", content_id("conflict"))
CANARY = "Canaryqzx Qzxyrana"
contents = st.builds(
    Content,
    st.lists(
        st.tuples(st.sampled_from(DisclosedField), st.text(st.characters(codec="utf-8"), max_size=40)), max_size=5
    ).map(tuple),
    st.text(st.characters(codec="utf-8"), max_size=200),
)


@settings(deadline=None)
@given(contents)
def test_what_was_sealed_is_what_is_opened(content: Content) -> None:
    assert open_box(seal(content, BELONGS, PUBLIC), BELONGS, KEY) == content


@pytest.mark.parametrize(
    ("belongs", "key"),
    [
        (BELONGS, X25519PrivateKey.generate()),
        (replace(BELONGS, type="DisclosureGranted"), KEY),
        (replace(BELONGS, item_id=content_id("another")), KEY),
        (replace(BELONGS, recipient="nz-police"), KEY),
        (replace(BELONGS, about=content_id("another")), KEY),
        (replace(BELONGS, sender="nz-police"), KEY),
    ],
)
def test_it_opens_for_nobody_else_and_nowhere_else(belongs: Belongs, key: X25519PrivateKey) -> None:
    with pytest.raises(Unopenable):
        open_box(seal(Content(text=CANARY), BELONGS, PUBLIC), belongs, key)


@settings(deadline=None)
@given(st.integers(0, 700), st.integers(1, 255))
def test_a_box_with_a_changed_byte_does_not_open(place: int, change: int) -> None:
    box = seal(Content(text=CANARY), BELONGS, PUBLIC)
    octets = bytearray(base64.b64decode(box.box))
    octets[place % len(octets)] ^= change
    with pytest.raises(Unopenable):
        open_box(box.model_copy(update={"box": base64.b64encode(octets).decode()}), BELONGS, KEY)


@pytest.mark.parametrize("box", ["", "AAAA", "A" * 87_384, "A===", "AA"])
def test_whatever_else_stands_in_a_box_is_refused_plainly(box: str) -> None:
    with pytest.raises(Unopenable):
        open_box(SealedBox.model_construct(key_id="k", box=box), BELONGS, KEY)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"[]",
        b"{}",
        b'{"fields": [["KING", "x"]], "text": ""}',
        b'{"fields": [1], "text": ""}',
        b'{"fields": [], "text": 1}',
    ],
)
def test_a_box_that_holds_something_else_is_refused_plainly(plain: bytes) -> None:
    from casebus.sealing import _SUITE

    sealed = _SUITE.encrypt(plain, KEY.public_key(), BELONGS.info)
    with pytest.raises(Unopenable):
        open_box(SealedBox.model_construct(key_id="k", box=base64.b64encode(sealed).decode()), BELONGS, KEY)


def test_a_box_says_little_of_how_long_its_content_is() -> None:
    lengths = {len(seal(Content(text="x" * n), BELONGS, PUBLIC).box) for n in range(0, 400, 7)}
    assert len(lengths) == 1


def test_two_boxes_of_one_content_differ_and_none_shows_it() -> None:
    one, other = (seal(Content(text=CANARY), BELONGS, PUBLIC) for _ in range(2))
    assert one.box != other.box
    assert one.key_id == keys.key_id("uk-nca", PUBLIC)
    assert CANARY.encode() not in base64.b64decode(one.box)


def test_more_than_a_box_holds_is_refused_before_it_is_sealed() -> None:
    name = DisclosedField.REPORTED_NAME
    for content in (
        Content(((name, "x" * (MAX_VALUE_CHARS + 1)),)),
        Content(((name, "x"),) * (MAX_FIELDS + 1)),
        Content(text="x" * 60_001),
    ):
        with pytest.raises(UsageError):
            seal(content, BELONGS, PUBLIC)
