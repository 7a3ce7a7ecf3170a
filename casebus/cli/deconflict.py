"""`casebus deconflict`: asking before acting."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from casebus.cases.alert import Alert
from casebus.cli.alerts import as_dict
from casebus.cli.at_desk import desk_of
from casebus.cli.check_options import (
    Accounts,
    Addresses,
    AddressTimes,
    Basis,
    BirthDates,
    Devices,
    Emails,
    Names,
    Phones,
    PointerOption,
    PurposeOption,
    ScreenNames,
    Urgency,
    Wallets,
    listed,
)
from casebus.cli.options import Agency, AsJson, Data, Officer, installation, refuse_without_officer
from casebus.cli.output import page, print_json
from casebus.desk import ALERT_FIELDS, Desk
from casebus.desk.checking import CHECK_FIELDS, DEFAULT_WAIT_S, Answer, Checking
from casebus.desk.plain import iso
from casebus.events.enumerations import CheckBasis, PointerMode, Priority, Purpose
from casebus.intake.asking import Typed, question
from casebus.intake.checks import OwnCheck

app = typer.Typer(no_args_is_help=True, help="Ask whether a partner holds the same person, before acting.")

Ref = Annotated[str, typer.Argument(help="The check's reference, as `deconflict list` shows it.", show_default=False)]


@contextmanager
def open_checking(data: Data, agency: str, officer: str | None) -> Iterator[tuple[Checking, Desk]]:
    """Open one agency's checks, and its desk, which records what is read."""
    with desk_of(data, agency, officer) as desk:
        yield desk.checking(installation(data).drafting(agency)), desk


@app.command("check")
def check(
    agency: Agency,
    basis: Basis,
    data: Data = None,
    officer: Officer = None,
    email: Emails = None,
    phone: Phones = None,
    account: Accounts = None,
    screen_name: ScreenNames = None,
    name: Names = None,
    date_of_birth: BirthDates = None,
    ip: Addresses = None,
    ip_at: AddressTimes = None,
    device: Devices = None,
    wallet: Wallets = None,
    urgency: Urgency = "MEDIUM",
    pointer: PointerOption = None,
    purpose: PurposeOption = "INVESTIGATION",
    wait: Annotated[float, typer.Option("--wait", help="Wait so many seconds for the answer.", min=0.0)] = (
        DEFAULT_WAIT_S
    ),
    as_json: AsJson = False,
) -> None:
    """Ask whether anybody holds one of these identifiers, of one person. They stay here: only tokens are published.

    A hit is told to both sides; a no-hit is on record. The check stays on watch until `deconflict close`.
    """
    refuse_without_officer(officer)
    typed = Typed(
        emails=email or (),
        phones=phone or (),
        accounts=account or (),
        screen_names=screen_name or (),
        names=name or (),
        birth_dates=date_of_birth or (),
        addresses=ip or (),
        address_times=ip_at or (),
        devices=device or (),
        wallets=wallet or (),
    )
    asked = question(
        typed,
        basis=listed("--basis", basis, CheckBasis),
        urgency=listed("--urgency", urgency, Priority),
        pointer=listed("--pointer", pointer, PointerMode) if pointer else None,
        purpose=listed("--purpose", purpose, Purpose),
    )
    with open_checking(data, agency, officer) as (checking, desk):
        put = checking.ask(asked)
        _show(put, checking.wait(put, wait), desk, as_json=as_json)


@app.command("list")
def list_checks(agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """List this agency's checks, the latest first, with what came back."""
    with open_checking(data, agency, officer) as (checking, desk):
        answered = [(each, checking.answer(each)) for each in checking.checks()]
        _accessed(desk, "checks", answered)
        rows = [row_of(each, answer, desk) for each, answer in answered]
    if as_json:
        print_json({"agency": agency, "checks": rows})
        return
    table = Table("ref", "asked", "basis", "urgency", "on watch", "answer")
    for row in rows:
        watched = "yes" if row["watched"] else "closed"
        table.add_row(row["ref"], row["asked_at"], row["basis"], row["urgency"], watched, _outcome_words(row["answer"]))
    page().print(table)


@app.command("show")
def show(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show one check: what was asked, and what came back."""
    with open_checking(data, agency, officer) as (checking, desk):
        found = checking.check(ref)
        answer = checking.answer(found)
        _accessed(desk, "check", [(found, answer)])
        _show(found, answer, desk, as_json=as_json)


@app.command("close")
def close(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """End a check: later tips and cases no longer meet it, and what it had hit is retracted."""
    refuse_without_officer(officer)
    with open_checking(data, agency, officer) as (checking, desk):
        closed = checking.close(ref)
        _show(closed, checking.answer(closed), desk, as_json=as_json)


def _accessed(desk: Desk, resource: str, answered: Sequence[tuple[OwnCheck, Answer]]) -> None:
    """Put on record what is shown: the checks, and the alerts that are their hits, each as a whole."""
    hits = [alert.ref for _, answer in answered for alert in answer.alerts]
    fields = (*CHECK_FIELDS, *(f"hit.{field}" for field in ALERT_FIELDS if hits))
    desk.accessed(resource, [*(check.ref for check, _ in answered), *dict.fromkeys(hits)], fields=fields)


def row_of(check: OwnCheck, answer: Answer, desk: Desk) -> dict[str, Any]:
    """Return a check as JSON has it. `answer` is null until the hub has answered: that is no no-hit."""
    asked = check.question
    return {
        "ref": check.ref,
        "check_id": check.check_id,
        "revision": check.revision,
        "basis": asked.basis.value,
        "urgency": asked.urgency.value,
        "pointer": asked.pointer.value,
        "purpose": asked.purpose.value,
        "asked_at": iso(check.asked_at),
        "watched": check.is_watched,
        "identifiers": [
            {"kind": one.kind.value, "service": one.service, "value": one.value, "date_of_birth": one.date_of_birth}
            for one in asked.identifiers
        ],
        "not_compared": list(check.useless),
        "answer": answer_dict(answer, desk),
    }


def answer_dict(answer: Answer, desk: Desk) -> dict[str, Any] | None:
    """Return what came back, None while nothing has."""
    if not answer.is_there:
        return None
    none = answer.no_hit
    return {
        "outcome": "hit" if answer.is_hit else "nothing_found",
        "nothing_found_at": iso(none.at) if none else None,
        "covered": list(none.covered) if none else [],
        "alerts": [as_dict(desk.beside(alert), desk) for alert in answer.alerts],
    }


def _show(check: OwnCheck, answer: Answer, desk: Desk, *, as_json: bool) -> None:
    if as_json:
        print_json(row_of(check, answer, desk))
        return
    say = page()
    watch = "on watch" if check.is_watched else "closed"
    say.print(f"{check.ref}  {check.question.basis.value}  {check.question.urgency.value}  {watch}", markup=False)
    for one in check.question.identifiers:
        service = f" on {one.service}" if one.service else ""
        born = f", born {one.date_of_birth}" if one.date_of_birth else ""
        say.print(f"  asked: {one.kind.value}{service} {one.value}{born}", markup=False)
    for kind in check.useless:
        say.print(f"  NOT compared: {kind}", markup=False)
    for line in _answer_lines(check, answer):
        say.print(f"  {line}", markup=False)


def _answer_lines(check: OwnCheck, answer: Answer) -> Iterator[str]:
    if answer.no_hit is not None:
        covered = ", ".join(answer.no_hit.covered) or "nobody: no agreement is in force"
        yield f"nothing found at {iso(answer.no_hit.at)}, covered: {covered}"
        yield "that is what these agencies have published and may tell, not proof that nobody else knows more"
    yield from (_alert_line(alert) for alert in answer.alerts)
    if not answer.is_there:
        yield f"not answered yet, which says nothing: `casebus deconflict show {check.ref}` will have the answer"


def _alert_line(alert: Alert) -> str:
    kinds = ", ".join(matched.kind.value for matched in alert.matched)
    who = "your own records" if alert.partner == alert.agency else alert.partner or "a partner, through the desk"
    ring = f"ring {alert.contact.desk}, {alert.contact.phone}"
    return f"HIT {alert.ref} ({alert.state.value}, {alert.band.value}; we: {_ours(alert)}): {who}; {kinds}; {ring}"


def _ours(alert: Alert) -> str:
    said = alert.ours
    return said.outcome.value if said.outcome else said.state.value


def _outcome_words(answer: dict[str, Any] | None) -> str:
    if answer is None:
        return "not yet"
    refs = ", ".join(alert["ref"] for alert in answer["alerts"])
    return f"hit: {refs}" if answer["outcome"] == "hit" else f"nothing found at {answer['nothing_found_at']}"
