"""The adapter of New Zealand Police: which of its formats a document is, told by content and not by name."""

from casebus.errors import RefusalCode
from casebus.intake.adapter import Adapter, Document, Draft
from casebus.intake.documents import csv_header, decode_text, format_of, read_csv, read_json, refuse
from casebus.intake.ncmec.documents import is_cybertip, read_cybertip, read_provider_report
from producers.nz_police import outcome_returns


class NzPolice:
    """Translates CyberTips in JSON, providers' reports in XML, and welfare and outcome returns in CSV."""

    @property
    def agency(self) -> str:
        """The agency's code in the directory."""
        return "nz-police"

    @property
    def region(self) -> str:
        """New Zealand: its phone numbers are read so when a report does not say."""
        return "NZ"

    def translate(self, document: Document) -> list[Draft]:
        """Return what the document says. Raises `DocumentRefused`."""
        text = decode_text(document)
        match format_of(text):
            case "json":
                return self._json(text)
            case "xml":
                return read_provider_report(text, document)
            case "csv":
                return self._csv(text)

    def _json(self, text: str) -> list[Draft]:
        root = read_json(text)
        if not is_cybertip(root):
            refuse(RefusalCode.NOT_A_DOCUMENT, "the JSON has neither reportId nor reportedInformation: no CyberTip.")
        return read_cybertip(root)

    def _csv(self, text: str) -> list[Draft]:
        if not outcome_returns.is_return(csv_header(text)):
            refuse(RefusalCode.NOT_A_DOCUMENT, "the document is no CyberTip, no provider's report and no return.")
        columns, required = outcome_returns.COLUMNS, outcome_returns.REQUIRED
        return outcome_returns.read_returns(read_csv(text, columns=columns, required=required))


ADAPTER: Adapter = NzPolice()
