"""officers.toml: who may act at a desk. Training has people of its own; a real desk lists its people itself."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casebus.cases.access import DeskRole
from casebus.clock import FixedClock
from casebus.desks import officers_of, open_desk
from casebus.errors import NotFound, NotPermitted, UsageError
from casebus.installing import AGENCIES, TRAINING_OFFICERS, initialise
from casebus.officers import Officers
from casebus.roles import Installation

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NZ = "nz-police"


def made(root: Path, *, training: bool) -> Installation:
    return Installation.open(initialise(root, training=training, now=NOW), FixedClock(NOW))


def test_only_training_has_people_of_its_own(tmp_path: Path) -> None:
    training, real = made(tmp_path / "training", training=True), made(tmp_path / "real", training=False)
    for agency in AGENCIES:
        assert officers_of(training, agency.code).listed == TRAINING_OFFICERS[agency.code]
        assert officers_of(real, agency.code).listed == ()
        for found in (training, real):
            assert stat.S_IMODE(found.role(agency.code).officers.stat().st_mode) == 0o600


def test_a_viewer_is_what_the_file_says_and_the_unlisted_what_it_says_of_them(tmp_path: Path) -> None:
    path = tmp_path / "officers.toml"
    path.write_text('unlisted = "officer"\n[[officers]]\nid = "L"\nrole = "desk_lead"\n')
    officers = Officers.load(path, NZ)
    assert (officers.viewer("L").role, officers.viewer("X").role) == (DeskRole.desk_lead, DeskRole.officer)
    assert (officers.role_of("L"), officers.role_of("X")) == (DeskRole.desk_lead, None)
    path.write_text('[[officers]]\nid = "L"\nrole = "operator"\n')
    assert Officers.load(path, NZ).viewer("X").role is None
    assert Officers.load(path, NZ).viewer(None).role is None


@pytest.mark.parametrize(
    "text",
    [
        "unlisted = ",
        'unlisted = "king"',
        '[[officers]]\nid = ""\nrole = "officer"',
        '[[officers]]\nid = "L"\n',
        '[[officers]]\nid = "L"\nrole = "officer"\nname = "x"',
        '[[officers]]\nid = "L"\nrole = "officer"\n[[officers]]\nid = "L"\nrole = "desk_lead"',
        "\udcff",
    ],
)
def test_a_wrong_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    path = tmp_path / "officers.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError):
        Officers.load(path, NZ)


def test_a_missing_file_lets_nobody_in(tmp_path: Path) -> None:
    found = made(tmp_path / "bus", training=True)
    found.role(NZ).officers.unlink()
    with pytest.raises(NotFound):
        officers_of(found, NZ)


def test_nobody_opens_a_desk_whom_the_file_does_not_know(tmp_path: Path) -> None:
    found = made(tmp_path / "bus", training=True)
    found.role(NZ).officers.write_text('[[officers]]\nid = "L"\nrole = "officer"\n')
    with pytest.raises(NotPermitted), open_desk(found, officers_of(found, NZ).viewer("X")):
        raise AssertionError("it was opened")
    with open_desk(found, officers_of(found, NZ).viewer("L")) as desk:
        assert desk.alerts(state=None, notices=True) == []


def test_a_desk_is_an_agencys_and_not_the_hubs(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        officers_of(made(tmp_path / "bus", training=True), "hub")
