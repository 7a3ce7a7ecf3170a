"""Fictional documents for the demo, the tests and the benchmarks: the same seed gives the same bytes.

Nobody here exists. Only reserved names and ranges are used: RFC 2606 domains, RFC 5737 and RFC 3849 addresses, Ofcom's
numbers for drama (+44 7700 900xxx), New Zealand numbers that start with a row of zeros, invented platforms, streets and
post codes, and plates, wallets and passports with words in them.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from casebus.testing.people import RECEIVED_AT as RECEIVED_AT
from casebus.testing.people import Person as Person
from casebus.testing.people import person as person
from casebus.testing.people import utc

_CATEGORIES = ("CHILD_SEXUAL_ABUSE_MATERIAL", "ONLINE_ENTICEMENT", "UNSOLICITED_OBSCENE_MATERIAL_TO_CHILD")
_REFERRED = "category role name date_of_birth email phone service account_id screen_name device_id ip ip_at"
_REGISTER = """
    case_number status opened_on category role name date_of_birth email phone service account_id screen_name
    device_id ip ip_at address postcode city wallet vehicle_plate national_id pointer priority immediate_risk backlog close_reason correction_reason
"""


def cybertip_json(
    report_number: str,
    *reported: Person,
    recipients: Sequence[Person] = (),
    received_at: datetime = RECEIVED_AT,
    incident_type: str = "Online Enticement of Children for Sexual Acts",
    annotations: Mapping[str, object] | None = None,
    self_produced: bool = False,
    escalated: str | None = None,
    compromised: bool = False,
    additional: Sequence[str] = (),
    files: int = 1,
    bom: bool = False,
) -> bytes:
    """Return a CyberTip as police receive it. `additional` are free texts of the report."""
    summary: dict[str, object] = {
        "incidentType": incident_type,
        "incidentDateTime": utc(received_at - timedelta(minutes=6)),
        "incidentDateTimeDescription": "SYNTHETIC: when the provider found it",
        "reportAnnotations": dict(annotations or {}),
        "escalateToHighPriority": escalated,
    }
    service = reported[0].service if reported else "ExampleChat"
    document = {
        "_note": "SYNTHETIC: nobody in this document exists.",
        "reportId": report_number,
        "dateReceived": utc(received_at),
        "reportedInformation": {
            "reportingEsp": {"espName": f"{service}, Inc.", "lastName": "Trust and Safety"},
            "incidentSummary": summary,
            "incidentDetails": {"webpageIncident": None, "emailIncident": []},
            "reportedPeople": {"reportedPersons": [_reported(one, compromised=compromised) for one in reported]},
            "intendedRecipients": {"intendedRecipients": [_reported(one) for one in recipients]},
            "uploadedFiles": {"uploadedFiles": [_file(number, self_produced) for number in range(files)]},
            "additionalInformations": [{"value": text} for text in additional],
        },
    }
    return (b"\xef\xbb\xbf" if bom else b"") + _json(document)


def nca_package(
    package_number: str,
    *persons: Person,
    reports: Sequence[str] = (),
    action: str = "NEW",
    marking: str = "OFFICIAL-SENSITIVE",
    grading: tuple[str, str, str] = ("2", "C", "P"),
    kirat: str = "HIGH",
    immediate: bool = False,
    pointer: str = "OPEN",
    role: str = "SUSPECT",
    disseminated_at: datetime = RECEIVED_AT,
) -> bytes:
    """Return an NCA dissemination package (our assumed format)."""
    return _json(
        {
            "format": "nca-dissemination-package",
            "_note": "SYNTHETIC: nobody in this document exists.",
            "packageNumber": package_number,
            "action": action,
            "disseminatedAt": utc(disseminated_at),
            "marking": marking,
            "grading": dict(zip(("source", "information", "handling"), grading, strict=True)),
            "risk": {"kirat": kirat, "childAtImmediateRisk": immediate},
            "pointer": pointer,
            "ncmecReports": list(reports),
            "incident": {"category": "ONLINE_ENTICEMENT", "occurredAt": None, "annotations": []},
            "persons": [{"role": role} | _person(one) for one in persons],
            "summary": "SYNTHETIC: no narrative leaves the agency.",
        }
    )


def dia_register(
    n: int,
    *,
    seed: int = 1,
    include: Iterable[Person] = (),
    closed: Iterable[int] = (),
    opened_on: date = date(2024, 1, 15),
    pointer: str = "OPEN",
) -> bytes:
    """Return Internal Affairs' register of `n` cases (our assumed format).

    The first cases are about the persons of `include`, the others about persons of their own; `closed` are the
    positions of closed cases.
    """
    included = list(include)
    shut = frozenset(closed)
    rows = []
    for position in range(n):
        one = included[position] if position < len(included) else person(position, seed=seed)
        rows.append(
            _person_columns(one)
            | {
                "case_number": f"DIA-2024-{position + 1:05d}",
                "status": "CLOSED" if position in shut else "OPEN",
                "opened_on": (opened_on + timedelta(days=position % 365)).isoformat(),
                "category": _CATEGORIES[position % len(_CATEGORIES)],
                "role": "SUSPECT",
                "pointer": pointer,
                "priority": "MEDIUM",
            }
        )
    return csv_document(_REGISTER.split(), rows)


def dia_referral(
    referral_number: str,
    *persons: Person,
    ncmec_report: str | None = None,
    received_at: datetime = RECEIVED_AT,
    pointer: str = "OPEN",
    withdrawn: bool = False,
) -> bytes:
    """Return a referral to Internal Affairs in JSON (our assumed format)."""
    return _json(
        {
            "format": "dia-referral",
            "_note": "SYNTHETIC: nobody in this document exists.",
            "referralNumber": referral_number,
            "ncmecReport": ncmec_report,
            "receivedAt": utc(received_at),
            "category": "ONLINE_ENTICEMENT",
            "priority": "MEDIUM",
            "pointer": pointer,
            "withdrawn": withdrawn,
            "persons": [{"role": "REPORTED_PERSON"} | _person(one) for one in persons],
        }
    )


def dia_referrals(numbers: str, persons: Sequence[Person], *, received_at: datetime = RECEIVED_AT) -> bytes:
    """Return referrals to Internal Affairs in CSV, one for each person, as `NUMBERS-01` and so on (our assumed format)."""
    rows = [
        _person_columns(one)
        | {
            "referral_number": f"{numbers}-{number:02d}",
            "received_at": utc(received_at),
            "category": "ONLINE_ENTICEMENT",
            "role": "REPORTED_PERSON",
        }
        for number, one in enumerate(persons, 1)
    ]
    return csv_document(("referral_number", "received_at", *_REFERRED.split()), rows)


def bad_document() -> bytes:
    """Return a CyberTip that was cut off on the way."""
    whole = cybertip_json("900000099", person(99))
    return whole[: len(whole) // 2]


def csv_document(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return rows under a header; absent columns are blank."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


# --- parts -----------------------------------------------------------------------------------------------------------


def _reported(one: Person, *, compromised: bool = False) -> dict[str, object]:
    first, _, last = (one.name or "").partition(" ")
    captures: list[dict[str, object]] = []
    if one.ip:
        captures.append({"captureType": "IP Address", "value": one.ip, "eventName": "LOGIN", "dateTime": one.ip_at})
    if one.device_id:
        captures.append({"captureType": "IMEI", "value": one.device_id, "eventName": "LOGIN", "dateTime": one.ip_at})
    return {
        "firstName": first or None,
        "middleName": None,
        "lastName": last or None,
        "dateOfBirth": one.date_of_birth,
        "approximateAge": one.age,
        "espService": one.service,
        "espUserId": one.account_id,
        "compromisedAccount": compromised or None,
        "screenName": {"value": one.screen_name},
        "emails": {"emails": [{"value": one.email, "verified": True}] if one.email else []},
        "phones": {"phones": [{"value": one.phone, "verified": None}] if one.phone else []},
        "addresses": {"addresses": [_address(one)] if one.country or one.address else []},
        "vehicleTagNumber": one.vehicle_plate,
        "sourceInformation": {"sourceCaptures": captures},
        "additionalInformations": [{"value": f"Wallet address: {one.wallet}"}] if one.wallet else None,
    }


def _address(one: Person) -> dict[str, object]:
    return {"street1": one.address, "city": one.city, "postalCode": one.postcode, "country": one.country}


def _file(number: int, self_produced: bool) -> dict[str, object]:
    return {
        "filename": f"synthetic-no-such-file-{number}.bin",
        "viewedByEsp": None,
        "industryClassification": None,
        "fileAnnotations": {"possibleSelfProduction": True} if self_produced else None,
        "ncmecTags": {"groups": []},
        "sourceInformation": None,
        "additionalInformations": [],
    }


def _person(one: Person) -> dict[str, object]:
    return {
        "name": one.name,
        "dateOfBirth": one.date_of_birth,
        "age": one.age,
        "country": one.country,
        "emails": [one.email] if one.email else [],
        "phones": [one.phone] if one.phone else [],
        "accounts": [{"service": one.service, "accountId": one.account_id, "screenName": one.screen_name}],
        "devices": [one.device_id] if one.device_id else [],
        "addresses": [{"ip": one.ip, "at": one.ip_at}] if one.ip else [],
        "address": one.address,
        "postcode": one.postcode,
        "city": one.city,
        "wallets": [one.wallet] if one.wallet else [],
        "vehiclePlates": [one.vehicle_plate] if one.vehicle_plate else [],
        "nationalIds": [one.national_id] if one.national_id else [],
    }


def _person_columns(one: Person) -> dict[str, str]:
    columns = {
        "name": one.name,
        "date_of_birth": one.date_of_birth,
        "email": one.email,
        "phone": one.phone,
        "service": one.service if one.account_id or one.screen_name else None,
        "account_id": one.account_id,
        "screen_name": one.screen_name,
        "device_id": one.device_id,
        "ip": one.ip,
        "ip_at": one.ip_at if one.ip else None,
        "address": one.address,
        "postcode": one.postcode,
        "city": one.city,
        "wallet": one.wallet,
        "vehicle_plate": one.vehicle_plate,
        "national_id": one.national_id,
    }
    return {column: value for column, value in columns.items() if value}


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8")
