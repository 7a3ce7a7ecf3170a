"""How a board reads: everything is looked through, a page of it is shown, and what is shown is what is on record."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from casebus.cases.access import Kind
from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import changed_after, feed_end
from casebus.cases.asked_of_us import is_asked_of_us
from casebus.cases.desk_history import DEEDS, Deed, in_order
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.place import Place
from casebus.cases.referral import REFERRALS, Referral
from casebus.desk.office import Office, find_alert, no_alert
from casebus.desk.placed import PlacedAlerts
from casebus.desk.referrals import WAITING_FIELDS
from casebus.intake.records import OWN_RECORDS, OwnRecord
from casebus.intake.sections import storable
from casebus.store.store import Transaction


class Chosen(Protocol):
    """What was chosen to be shown."""

    @property
    def rows(self) -> Sequence[Place]:
        """The alerts that are shown."""
        ...


C = TypeVar("C", bound=Chosen)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What changed: up to which change of the feed, which alerts since the last push, and which since the page was made;
    `referred` is what else came since then and waits for this desk.

    `since_page` is None where the feed does not reach back to the page or the last push: it must be made anew.
    """

    end: int
    alerts: tuple[DeskAlert, ...]
    since_page: tuple[DeskAlert, ...] | None
    referred: tuple[Referral, ...]


@dataclass(frozen=True, slots=True)
class Browsed(Generic[C]):
    """What was chosen, the alerts of its rows as they stand, and the feed's end at that moment."""

    chosen: C
    shown: tuple[DeskAlert, ...]
    end: int


class Browsing:
    """The readings of a console. Each raises `NotPermitted` for who may not see alerts."""

    _office: Office

    def browse(
        self, placed: PlacedAlerts, choose: Callable[[Collection[Place]], C], fields: Sequence[str]
    ) -> Browsed[C]:
        """Return what was chosen of all alerts, and those themselves. What was chosen is on record."""
        self._office.require_sight(Kind.alert)
        placed.catch_up(self._office.store)
        with self._office.transaction(Kind.alert) as tx:
            chosen = choose(placed.read(tx).values())
            shown = _read(tx, [row.conflict_id for row in chosen.rows])
            self._office.record(tx, "alerts", [seen.alert.ref for seen in shown], fields)
            return Browsed(chosen, shown, feed_end(tx))

    def opened(self, ref: str, fields: Sequence[str]) -> tuple[DeskAlert, list[Deed]]:
        """Return one alert and what was done about it. Raises `NotFound`, and records the look all the same."""
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            found = find_alert(tx, ref)
            self._office.record(tx, "alert", [found.alert.ref] if found else [], fields if found else ())
            deeds = in_order(tx.by(DEEDS, "conflict", found.alert.conflict_id)) if found else []
        if found is None:
            raise no_alert(ref)
        return found, deeds

    def find(self, name: str, fields: Sequence[str]) -> list[DeskAlert]:
        """Return the alert of a reference, or those about the own records that have a number or an id. Found or not, it is
        on record; what was typed is not.
        """
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            one, by_id = find_alert(tx, "-".join(name.split())), tx.get(OWN_RECORDS, storable(name.lower()))
            records = [by_id] if by_id else _of_number(tx, name)
            named = {one.alert.conflict_id} if one else set()
            for record in records:
                alerts = tx.by(ALERTS, "own", record.record_id) + tx.by(ALERTS, "also_own", record.record_id)
                named |= {alert.conflict_id for alert in alerts}
            found = sorted(_read(tx, list(named)), key=lambda seen: seen.alert.ref)
            self._office.record(tx, "alerts found", [seen.alert.ref for seen in found], fields)
        return found

    def around(self, seen: DeskAlert, fields: Sequence[str]) -> list[DeskAlert]:
        """Return the alerts about the same own records, the given one first. All of them are on record."""
        self._office.require_sight(Kind.alert)
        own = {seen.alert.own_id, seen.alert.also_own_id} - {None}
        with self._office.transaction(Kind.alert) as tx:
            found = [each for each in tx.all(ALERTS) if {each.own_id, each.also_own_id} & own]
            found.sort(key=lambda alert: (alert.conflict_id != seen.alert.conflict_id, alert.ref))
            self._office.record(tx, "alerts around one", [alert.ref for alert in found], fields)
            return list(_read(tx, [alert.conflict_id for alert in found]))

    def heard_from(self) -> dict[str, datetime]:
        """Return when each partner that this desk knows of was last heard: by an alert, or by what it did about one."""
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            times = [(alert.partner, alert.raised_at) for alert in tx.all(ALERTS) if alert.partner]
            times += [(deed.who, deed.at) for deed in tx.all(DEEDS)]
            self._office.record(tx, "when partners were heard", [], ("partner", "at"))
        heard: dict[str, datetime] = {}
        for who, at in times:
            heard[who] = max(at, heard.get(who, at))
        return heard

    def require_figures(self) -> None:
        """Raise `NotPermitted` for who may not see this agency's outcomes."""
        self._office.require_sight(Kind.outcome)

    def changed(self, since: int, after: int, fields: Sequence[str]) -> Pushed:
        """Return what changed since a page was made, and of that what changed after the last push; it is on record."""
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            of_page, of_push = changed_after(tx, since), changed_after(tx, after)
            alerts = _read(tx, of_push or [])
            since_page = None if of_page is None or of_push is None else _read(tx, of_page)
            shown = dict.fromkeys(seen.alert.ref for seen in (*alerts, *(since_page or ())))
            self._office.record(tx, "alerts as they changed", list(shown), fields)
            return Pushed(feed_end(tx), alerts, since_page, self._referred(tx, of_page or []))

    def _referred(self, tx: Transaction, changed: Sequence[str]) -> tuple[Referral, ...]:
        found = [referral for each in changed if (referral := tx.get(REFERRALS, each)) and is_asked_of_us(referral)]
        if found:
            self._office.record(tx, "referrals that wait", [each.referral_id for each in found], WAITING_FIELDS)
        return tuple(found)


def _of_number(tx: Transaction, number: str) -> list[OwnRecord]:
    """Return the own records that have a number, in whichever case it was typed."""
    forms = dict.fromkeys(map(storable, (number, number.upper(), number.lower())))
    return [record for form in forms for record in tx.by(OWN_RECORDS, "number", form)]


def _read(tx: Transaction, conflict_ids: Sequence[str]) -> tuple[DeskAlert, ...]:
    found = [(tx.get(ALERTS, each), tx.get(DESK_WORK, each)) for each in conflict_ids]
    return tuple(DeskAlert.of(alert, work) for alert, work in found if alert)
