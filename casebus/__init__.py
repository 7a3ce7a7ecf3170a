"""casebus: an international case-coordination message bus. Agencies import from here; see docs/concepts.md."""

__version__ = "0.1.0"
