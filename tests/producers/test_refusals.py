"""One refusal for each reason: the code is its own, and the message names a place, never a value."""

import pytest
from samples import ADAPTERS, changed, refusal, sample, translate

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.documents import MAX_BYTES, MAX_DEPTH
from producers.nz_internal_affairs import ADAPTER as NZ_INTERNAL_AFFAIRS
from producers.nz_police import ADAPTER as NZ_POLICE
from producers.uk_nca import ADAPTER as UK_NCA


def nested(levels: int) -> str:
    return '{"reportId": "1", "future": ' + "[" * levels + "]" * levels + "}"


def set_at(*path: str | int, value: object):
    def change(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><report>&b;</report>'
EXTERNAL = '<!DOCTYPE r SYSTEM "file:///etc/passwd"><report/>'
REGISTER = sample("dia_register.csv").decode()

CASES = {
    "huge": (NZ_POLICE, b" " * (MAX_BYTES + 1), RefusalCode.TOO_LARGE),
    "nothing": (NZ_POLICE, b"", RefusalCode.EMPTY),
    "a BOM and blanks": (NZ_POLICE, b"\xef\xbb\xbf \r\n\t", RefusalCode.EMPTY),
    "Latin-1": (NZ_POLICE, '{"reportId": "1", "x": "é"}'.encode("latin-1"), RefusalCode.NOT_UTF8),
    "UTF-16 with its BOM": (NZ_POLICE, '{"reportId": "1"}'.encode("utf-16"), RefusalCode.NOT_UTF8),
    "UTF-16 without a BOM": (NZ_POLICE, '{"reportId": "1"}'.encode("utf-16-le"), RefusalCode.NOT_UTF8),
    "XML that names another encoding": (
        NZ_POLICE,
        '<?xml version="1.0" encoding="ISO-8859-1"?><report><incidentSummary/></report>',
        RefusalCode.NOT_UTF8,
    ),
    "some text": (NZ_POLICE, "Dear officer,\nplease find", RefusalCode.NOT_A_DOCUMENT),
    "some other JSON": (NZ_POLICE, '{"hello": 1}', RefusalCode.NOT_A_DOCUMENT),
    "a JSON list": (NZ_POLICE, "[1]", RefusalCode.NOT_A_DOCUMENT),
    "some other XML": (NZ_POLICE, "<html/>", RefusalCode.NOT_A_DOCUMENT),
    "an NCA package at NZ Police": (NZ_POLICE, sample("nca_package.json"), RefusalCode.NOT_A_DOCUMENT),
    "an NCA return at Internal Affairs": (NZ_INTERNAL_AFFAIRS, sample("nca_returns.csv"), RefusalCode.NOT_A_DOCUMENT),
    "a truncated CyberTip": (NZ_POLICE, sample("cybertip.json")[:900], RefusalCode.MALFORMED_JSON),
    "a line that was doubled": (NZ_POLICE, '{"reportId": "1"}\n{"reportId": "1"}', RefusalCode.MALFORMED_JSON),
    "the same key twice": (NZ_POLICE, '{"reportId": "1", "reportId": "2"}', RefusalCode.DUPLICATE_KEY),
    "the same key twice, deep": (NZ_POLICE, '{"reportId": "1", "x": [{"a": 1, "a": 1}]}', RefusalCode.DUPLICATE_KEY),
    "NaN": (NZ_POLICE, '{"reportId": "1", "x": NaN}', RefusalCode.NOT_A_NUMBER),
    "Infinity": (NZ_POLICE, '{"reportId": "1", "x": -Infinity}', RefusalCode.NOT_A_NUMBER),
    "one level too many": (NZ_POLICE, nested(MAX_DEPTH), RefusalCode.TOO_DEEP),
    "a hundred thousand levels": (NZ_POLICE, "[" * 100_000, RefusalCode.TOO_DEEP),
    "XML one level too many": (NZ_POLICE, "<report>" + "<a>" * MAX_DEPTH, RefusalCode.TOO_DEEP),
    "truncated XML": (NZ_POLICE, sample("provider_report.xml")[:900], RefusalCode.MALFORMED_XML),
    "a control character in XML": (NZ_POLICE, "<report>&#1;</report>", RefusalCode.MALFORMED_XML),
    "an entity bomb": (NZ_POLICE, BOMB, RefusalCode.DOCTYPE),
    "an external entity": (NZ_POLICE, EXTERNAL, RefusalCode.DOCTYPE),
    "XML in a default namespace": (
        NZ_POLICE,
        '<report xmlns="urn:x"><incidentSummary/></report>',
        RefusalCode.NAMESPACE,
    ),
    "XML with a prefix": (NZ_POLICE, '<n:report xmlns:n="urn:x"/>', RefusalCode.NAMESPACE),
    "no incidentSummary": (NZ_POLICE, "<report/>", RefusalCode.INCIDENT_SUMMARY),
    "two of them": (NZ_POLICE, "<report><incidentSummary/><incidentSummary/></report>", RefusalCode.INCIDENT_SUMMARY),
    "a lone fileDetails": (NZ_POLICE, sample("provider_file_details.xml"), RefusalCode.LONE_FILE_DETAILS),
    "no report number": (NZ_POLICE, '{"reportedInformation": {}}', RefusalCode.REPORT_NUMBER),
    "a null report number": (NZ_POLICE, '{"reportId": null}', RefusalCode.REPORT_NUMBER),
    "21 digits": (NZ_POLICE, '{"reportId": "' + "1" * 21 + '"}', RefusalCode.REPORT_NUMBER),
    "letters": (NZ_POLICE, '{"reportId": "90000000A"}', RefusalCode.REPORT_NUMBER),
    "digits of another script": (NZ_POLICE, '{"reportId": "٩٠٠"}', RefusalCode.REPORT_NUMBER),
    "a fraction": (NZ_POLICE, '{"reportId": 900000001.0}', RefusalCode.REPORT_NUMBER),
    "a negative number": (NZ_POLICE, '{"reportId": -1}', RefusalCode.REPORT_NUMBER),
    "a number in XML that is none": (
        NZ_POLICE,
        "<report><reportId/><incidentSummary/></report>",
        RefusalCode.REPORT_NUMBER,
    ),
    "a list for an object": (
        NZ_POLICE,
        changed("cybertip.json", set_at("reportedInformation", value=[])),
        RefusalCode.WRONG_TYPE,
    ),
    "an object for a list": (
        NZ_POLICE,
        changed("cybertip.json", set_at("reportedInformation", "reportedPeople", "reportedPersons", value={})),
        RefusalCode.WRONG_TYPE,
    ),
    "a text for a person": (
        NZ_POLICE,
        changed("cybertip.json", set_at("reportedInformation", "reportedPeople", "reportedPersons", 0, value="x")),
        RefusalCode.WRONG_TYPE,
    ),
    "an object for a text": (
        NZ_POLICE,
        changed("cybertip.json", set_at("reportedInformation", "incidentSummary", "incidentDateTime", value={})),
        RefusalCode.WRONG_TYPE,
    ),
    "a package without a number": (
        UK_NCA,
        changed("nca_package.json", set_at("packageNumber", value=None)),
        RefusalCode.MISSING_FIELD,
    ),
    "a register without a status column": (
        NZ_INTERNAL_AFFAIRS,
        "case_number\nDIA-1\n",
        RefusalCode.MISSING_FIELD,
    ),
    "a restatement of nothing": (
        UK_NCA,
        "return_number,outcome_type,children,status\n1,LOCATED_MISSING,1,RESTATED\n",
        RefusalCode.MISSING_FIELD,
    ),
    "an open quote": (NZ_INTERNAL_AFFAIRS, 'case_number,status\n"DIA-1,OPEN\n', RefusalCode.MALFORMED_CSV),
    "a ragged row": (NZ_INTERNAL_AFFAIRS, "case_number,status\nDIA-1,OPEN,extra\n", RefusalCode.MALFORMED_CSV),
    "a short row": (NZ_INTERNAL_AFFAIRS, "case_number,status\nDIA-1\n", RefusalCode.MALFORMED_CSV),
    "a column twice": (NZ_INTERNAL_AFFAIRS, "case_number,status,status\n", RefusalCode.MALFORMED_CSV),
    "a field beyond its bound": (
        NZ_INTERNAL_AFFAIRS,
        "case_number,status\nDIA-1," + "x" * 200_000,
        RefusalCode.MALFORMED_CSV,
    ),
    "a case that contradicts itself": (
        NZ_INTERNAL_AFFAIRS,
        "case_number,status\nDIA-1,OPEN\nDIA-1,CLOSED\n",
        RefusalCode.MALFORMED_CSV,
    ),
    "a column that nobody knows": (
        NZ_INTERNAL_AFFAIRS,
        "case_number,status,shoe_size\n",
        RefusalCode.UNKNOWN_COLUMN,
    ),
    "a status that nobody knows": (
        NZ_INTERNAL_AFFAIRS,
        "case_number,status\nDIA-1,PERHAPS\n",
        RefusalCode.UNKNOWN_VALUE,
    ),
    "a grading the other way round": (
        UK_NCA,
        changed("nca_package.json", set_at("grading", value={"source": "C", "information": "2", "handling": "P"})),
        RefusalCode.UNKNOWN_VALUE,
    ),
    "a marking above the ceiling": (
        UK_NCA,
        changed("nca_package.json", set_at("marking", value="SECRET - UK EYES ONLY")),
        RefusalCode.HANDLING_ABOVE_CEILING,
    ),
    "TOP SECRET": (
        UK_NCA,
        changed("nca_package.json", set_at("marking", value="top-secret")),
        RefusalCode.HANDLING_ABOVE_CEILING,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_its_own_code(case):
    adapter, content, code = case
    assert refusal(adapter, content) is code


def test_every_code_that_an_adapter_can_give_has_a_case():
    given_by_the_node = {RefusalCode.NOT_A_REGULAR_FILE}
    assert {code for _, _, code in CASES.values()} == set(RefusalCode) - given_by_the_node


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.agency)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe{", b"\x00\x01\x02", b"hello", b"{", b"<a", b"[" * 5000])
def test_no_agency_takes_what_is_no_document(adapter, content):
    with pytest.raises(DocumentRefused):
        translate(adapter, content)


def test_a_message_names_the_place():
    content = changed("cybertip.json", set_at("reportedInformation", "reportedPeople", "reportedPersons", 0, value=7))
    with pytest.raises(DocumentRefused, match=r"reportedInformation\.reportedPeople\.reportedPersons\[0\]"):
        translate(NZ_POLICE, content)
    with pytest.raises(DocumentRefused, match=r'"shoe_size"'):
        translate(NZ_INTERNAL_AFFAIRS, "case_number,status,shoe_size\n")
    with pytest.raises(DocumentRefused, match=r"row 3, column status"):
        translate(NZ_INTERNAL_AFFAIRS, "case_number,status\nDIA-1,OPEN\nDIA-2,PERHAPS\n")


def test_a_message_does_not_repeat_a_key_that_may_be_somebodys_address():
    with pytest.raises(DocumentRefused) as caught:
        translate(NZ_POLICE, '{"reportId": "1", "a@example.org": 1, "a@example.org": 2}')
    assert "example.org" not in caught.value.diagnostics()


def test_64_levels_are_deep_enough():
    assert translate(NZ_POLICE, nested(MAX_DEPTH - 1))
    report = "<report><incidentSummary/>" + "<a>" * (MAX_DEPTH - 1) + "</a>" * (MAX_DEPTH - 1) + "</report>"
    assert translate(NZ_POLICE, report)


def test_one_bad_row_refuses_the_whole_return():
    assert refusal(NZ_INTERNAL_AFFAIRS, REGISTER + "DIA-2024-0003,OPEN\n") is RefusalCode.MALFORMED_CSV
