"""Countries as ISO 3166-1 alpha-2 codes. What providers write is neither ISO nor always a country."""

_ISO_3166 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ISO_3166.split())

_ALSO_WRITTEN = {
    "UK": "GB",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "ENGLAND": "GB",
    "SCOTLAND": "GB",
    "WALES": "GB",
    "NORTHERN IRELAND": "GB",
    "GBR": "GB",
    "NEW ZEALAND": "NZ",
    "AOTEAROA": "NZ",
    "NZL": "NZ",
    "AUSTRALIA": "AU",
    "AUS": "AU",
    "UNITED STATES": "US",
    "UNITED STATES OF AMERICA": "US",
    "USA": "US",
    "CANADA": "CA",
    "IRELAND": "IE",
}
MAX_NAME = 40


def country(text: str | None) -> str | None:
    """Return the ISO 3166-1 code that a text names, else null.

    Null for what NCMEC's list has from an old GeoIP table and ISO has not: A1 and A2 (a proxy, a satellite), O1, AP,
    EU, AN and the empty string.
    """
    name = " ".join((text or "")[:MAX_NAME].upper().split())
    code = _ALSO_WRITTEN.get(name, name)
    return code if code in COUNTRIES else None


def countries(texts: list[str | None]) -> tuple[str, ...]:
    """Return the distinct countries that the texts name, sorted, at most a hundred (the event's bound)."""
    return tuple(sorted({code for text in texts if (code := country(text)) is not None}))[:100]
