"""The adapter of the National Crime Agency: which of its formats a document is, told by content and not by name."""

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.adapter import Adapter, Document, Draft
from casebus.intake.documents import csv_header, decode_text, format_of, read_csv, read_json
from casebus.intake.ncmec.documents import is_cybertip, read_cybertip, read_provider_report
from producers.uk_nca import outcome_returns, package


class UkNca:
    """Translates CyberTips, dissemination packages in JSON, and outcome returns in CSV."""

    @property
    def agency(self) -> str:
        """The agency's code in the directory."""
        return "uk-nca"

    @property
    def region(self) -> str:
        """The United Kingdom: its phone numbers are read so when a package does not say."""
        return "GB"

    def translate(self, document: Document) -> list[Draft]:
        """Return what the document says. Raises `DocumentRefused`."""
        text = decode_text(document)
        match format_of(text):
            case "json":
                root = read_json(text)
                return read_cybertip(root) if is_cybertip(root) else [package.read_package(root)]
            case "xml":
                return read_provider_report(text, document)
            case "csv" if outcome_returns.is_return(csv_header(text)):
                columns, required = outcome_returns.COLUMNS, outcome_returns.REQUIRED
                return outcome_returns.read_returns(read_csv(text, columns=columns, required=required))
            case _:
                raise DocumentRefused(
                    RefusalCode.NOT_A_DOCUMENT,
                    "the document is no CyberTip, no dissemination package, no outcome return.",
                )


ADAPTER: Adapter = UkNca()
