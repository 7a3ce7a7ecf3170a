"""What the pages are drawn with: our own files, and what `tools/fetch_assets.py` or the wheel put beside them."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
VENDOR = STATIC / "vendor"
VENDOR_LIST = VENDOR / "VENDOR.json"


def is_styled() -> bool:
    """Tell whether the styles and htmx are there. Without them every page works all the same, plainly drawn."""
    return VENDOR_LIST.exists()
