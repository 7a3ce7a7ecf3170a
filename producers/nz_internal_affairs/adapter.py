"""The adapter of Internal Affairs: which of its formats a document is, told by content and not by name."""

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.adapter import Adapter, Document, Draft
from casebus.intake.documents import csv_header, decode_text, format_of, read_csv, read_json
from casebus.intake.ncmec.documents import is_cybertip, read_cybertip, read_provider_report
from producers.nz_internal_affairs import case_register, referral


class NzInternalAffairs:
    """Translates CyberTips, the case register in CSV, and referrals in JSON or CSV."""

    @property
    def agency(self) -> str:
        """The agency's code in the directory."""
        return "nz-internal-affairs"

    @property
    def region(self) -> str:
        """New Zealand: its phone numbers are read so when a document does not say."""
        return "NZ"

    def translate(self, document: Document) -> list[Draft]:
        """Return what the document says. Raises `DocumentRefused`."""
        text = decode_text(document)
        match format_of(text):
            case "json":
                root = read_json(text)
                return read_cybertip(root) if is_cybertip(root) else [referral.read_referral(root)]
            case "csv":
                return self._csv(text)
            case "xml":
                return read_provider_report(text, document)

    def _csv(self, text: str) -> list[Draft]:
        header = csv_header(text)
        if case_register.is_register(header):
            rows = read_csv(text, columns=case_register.COLUMNS, required=case_register.REQUIRED)
            return case_register.read_register(rows)
        if referral.is_referral(header):
            return referral.read_referrals(read_csv(text, columns=referral.COLUMNS, required=referral.REQUIRED))
        raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, "the document is no case register and no referral.")


ADAPTER: Adapter = NzInternalAffairs()
