"""What a careful user does to a register before giving it to a matcher that compares columns as they are.

Text in lower case, transliterated, without punctuation; birth dates read by the country's order; telephone numbers in the
international form where they can be read; dots and tags of Gmail addresses dropped; usual abbreviations of streets; values that stand for "unknown" emptied.
"""

import re
from datetime import datetime

import phonenumbers
from anyascii import anyascii

from quality.evaluation_set import EvaluationSet, Row

UNKNOWN = {
    "",
    "n/a",
    "na",
    "none",
    "none@none.com",
    "unknown",
    "unknown@example.com",
    "0000000000",
    "123456789",
    "+10000000000",
}
SHORT = {"street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct", "boulevard": "blvd", "place": "pl",
         "terrace": "ter", "north": "n", "south": "s", "east": "e", "west": "w"}  # fmt: skip
DAY_FIRST = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y")
MONTH_FIRST = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d %b %Y")


def words(text: str) -> str:
    """Return the text in plain lower-case letters and digits."""
    return " ".join(re.findall(r"[a-z0-9]+", anyascii(text).lower().replace("'", "")))


def day(text: str, country: str) -> str:
    """Return the date as YYYY-MM-DD, or nothing; a date that no calendar has is kept as it stands, to be compared as text."""
    for written in MONTH_FIRST if country == "US" else DAY_FIRST:
        try:
            return f"{datetime.strptime(text, written).date():%Y-%m-%d}"  # noqa: DTZ007  a birth date has no zone
        except ValueError:
            continue
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else ""


def phone(text: str, country: str) -> str:
    """Return the number in E.164, or its last nine digits where no plan knows it."""
    for region in (country,) if country else ("US", "GB"):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return re.sub(r"\D", "", text)[-9:]


def email(text: str) -> str:
    """Return the address in lower case, Gmail's variants as one."""
    local, at, host = text.lower().strip().rpartition("@")
    if host in ("gmail.com", "googlemail.com"):
        local = local.partition("+")[0].replace(".", "")
    return f"{local}{at}{host}"


def address(text: str) -> str:
    """Return the words of the address, the usual ones abbreviated."""
    return " ".join(SHORT.get(word, word) for word in words(text).split() if word != "unit")


def _clean(column: str, text: str, country: str) -> str:
    text = text.strip()
    if text.lower() in UNKNOWN:
        return ""
    if column in ("record_id", "ip", "ip_at", "reported_at", "report_kind", "country"):
        return text
    if column == "date_of_birth":
        return day(text, country)
    if column == "phone":
        return phone(text, country)
    if column == "email":
        return email(text)
    if column == "address":
        return address(text)
    if column in ("screen_name", "account"):
        service, _, handle = text.lower().partition(":")
        return f"{service}:{re.sub(r'[^a-z0-9_]', '', anyascii(handle).lower())}"
    if column in ("wallet", "bank_account", "device_id", "national_id"):
        return re.sub(r"\s", "", text).lower()
    return words(text)


def clean(whole: EvaluationSet) -> EvaluationSet:
    """Return the set with each cell cleaned; names given in one cell are split where no parts are given."""

    def row(read: Row) -> Row:
        done = {column: _clean(column, text, read.get("country", "")) for column, text in read.items()}
        if done.get("name") and not done.get("surname") and not done.get("given_name"):
            first, *rest = done["name"].split()
            done["given_name"], done["surname"] = first, rest[-1] if rest else ""
        return done

    right = None if whole.right is None else [row(each) for each in whole.right]
    return EvaluationSet(whole.name, [row(each) for each in whole.left], right, whole.truth)
