"""The directory: read strictly, written so that it reads back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network import DIRECTORY, HUB, NOW, NZ, UK, public_key

from casebus.directory import Agreement, Directory
from casebus.errors import NotFound, UsageError
from casebus.events.enumerations import Overlap

AGREED = replace(DIRECTORY, agreements=(Agreement(between=(NZ, UK), pointer=True, basis="training: nothing is real"),))
TEXT = AGREED.to_toml()


def refused(text: str, said: str) -> None:
    assert text != TEXT
    with pytest.raises(UsageError) as caught:
        Directory.from_toml(text)
    assert said in caught.value.what, caught.value.what


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    assert Directory.from_toml(TEXT) == AGREED
    (tmp_path / "directory.toml").write_text(TEXT)
    assert Directory.load(tmp_path / "directory.toml") == AGREED
    assert AGREED.training
    assert not Directory.from_toml(TEXT.replace("training = true", "")).training


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(deadline=None)
@given(WORDS, WORDS, st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_words_and_times_read_back(name: str, basis: str, until: datetime) -> None:
    agencies = tuple(each.model_copy(update={"name": name}) for each in AGREED.agencies)
    agreement = Agreement(between=(UK, NZ), pointer=False, overlaps=(Overlap.same_child,), basis=basis)
    keys = (AGREED.keys[0].model_copy(update={"revoked_at": until}),)
    directory = Directory(agencies, keys, (agreement,))
    assert Directory.from_toml(directory.to_toml()) == directory


def test_it_is_asked_by_code_key_and_pair() -> None:
    assert AGREED.agency(NZ).code == NZ
    assert AGREED.contact(UK).email == "desk@police.example"
    key = public_key(HUB)
    assert AGREED.key(key.id) == key
    assert AGREED.key("nobody") is None
    assert AGREED.agreement(UK, NZ) is AGREED.agreement(NZ, UK) is AGREED.agreements[0]
    with pytest.raises(NotFound, match="no agency 'atlantis'"):
        AGREED.contact("atlantis")


def test_nothing_may_be_told_without_an_agreement() -> None:
    assert AGREED.may_tell(NZ, UK, Overlap.same_person)
    assert not DIRECTORY.may_tell(NZ, UK, Overlap.same_person)
    assert DIRECTORY.may_tell(NZ, NZ, Overlap.same_person)
    silent = AGREED.agreements[0].model_copy(update={"pointer": False})
    assert not replace(AGREED, agreements=(silent,)).may_tell(NZ, UK, Overlap.same_person)
    narrow = AGREED.agreements[0].model_copy(update={"overlaps": (Overlap.same_child,)})
    assert replace(AGREED, agreements=(narrow,)).may_tell(UK, NZ, Overlap.same_child)
    assert not replace(AGREED, agreements=(narrow,)).may_tell(UK, NZ, Overlap.same_person)


@pytest.mark.parametrize("overlaps", [tuple(Overlap), (Overlap.same_child,), ()])
@pytest.mark.parametrize("pointer", [True, False])
def test_anything_may_be_told_where_any_kind_of_match_may(pointer: bool, overlaps: tuple[Overlap, ...]) -> None:
    agreement = AGREED.agreements[0].model_copy(update={"pointer": pointer, "overlaps": overlaps})
    for directory in (replace(AGREED, agreements=(agreement,)), DIRECTORY):
        for one, other in ((NZ, UK), (UK, NZ), (NZ, NZ)):
            may = any(directory.may_tell(one, other, overlap) for overlap in Overlap)
            assert directory.may_tell_anything(one, other) is may


def test_a_key_is_valid_from_its_first_moment_until_before_its_end() -> None:
    tick = timedelta(microseconds=1)
    key = public_key(NZ, valid_from=NOW, valid_to=NOW + timedelta(days=2))
    assert [key.valid_at(NOW + after) for after in (-tick, 0 * tick)] == [False, True]
    assert [key.valid_at(NOW + timedelta(days=2) + after) for after in (-tick, 0 * tick)] == [True, False]
    revoked = key.model_copy(update={"revoked_at": NOW + timedelta(days=1)})
    assert [revoked.valid_at(NOW + timedelta(days=1) + after) for after in (-tick, 0 * tick)] == [True, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("training = true", 'training = "yes"', "training"),
        ("training = true", "training = true\nmore = 1", "more"),
        ("training = true", "training = [", "not TOML"),
        ('code = "uk-nca"', 'code = "nz-police"', "agency nz-police is listed twice"),
        ('code = "uk-nca"', 'code = "hub"', "agencies.1.code"),
        ('code = "uk-nca"', 'code = "UK"', "agencies.1.code"),
        ('country = "NZ"', 'country = "New Zealand"', "agencies.0.country"),
        ('phone = "0"\n', "", "agencies.0.desk.phone"),
        ('phone = "0"', "phone = 0", "agencies.0.desk.phone"),
        ('owner = "uk-nca"', 'owner = "atlantis"', "belongs to nobody"),
        (f'id = "{public_key(UK).id}"', f'id = "{public_key(NZ).id}"', "listed twice"),
        (f'"{public_key(UK).public_key}"', '"AAAA"', "keys.1.public_key"),
        (f'"{public_key(UK).public_key}"', f'"{"A" * 42}B="', "keys.1.public_key"),  # stray bits
        ("valid_from = 2026-01-01T00:00:00Z", "valid_from = 2026-01-01T00:00:00", "keys.0.valid_from"),
        ("valid_from = 2026-01-01T00:00:00Z", "valid_from = 2026-01-01", "keys.0.valid_from"),
        ("valid_to = 2026-03-01T00:00:00Z", "valid_to = 2025-03-01T00:00:00Z", "valid_to is not after"),
        ('between = ["nz-police", "uk-nca"]', 'between = ["nz-police"]', "agreements.0.between"),
        ('between = ["nz-police", "uk-nca"]', 'between = ["nz-police", "nz-police"]', "not between two"),
        ('between = ["nz-police", "uk-nca"]', 'between = ["nz-police", "hub"]', "not between two"),
        ('"same_child"', '"same_hair"', "agreements.0.overlaps"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(old: str, new: str, said: str) -> None:
    refused(TEXT.replace(old, new, 1), said)


def test_two_agreements_of_one_pair_contradict_each_other() -> None:
    block = TEXT[TEXT.index("[[agreements]]") :]
    refused(TEXT + block.replace('["nz-police", "uk-nca"]', '["uk-nca", "nz-police"]'), "listed twice")


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Directory.load(tmp_path / "directory.toml")
    with pytest.raises(UsageError):
        Directory.load(tmp_path)
    (tmp_path / "directory.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="UTF-8"):
        Directory.load(tmp_path / "directory.toml")
    (tmp_path / "directory.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(UsageError, match="larger"):
        Directory.load(tmp_path / "directory.toml")
