"""The real programs that some tests run against, and what happens where a machine does not have them.

Skipped with its reason on a developer's machine; a failure in CI, where every part must be there.
"""

import os
from typing import NoReturn

import pytest


def require_or_skip(part: str, reason: str) -> NoReturn:
    """End the calling test or fixture, for want of a real part: skip it, or with CI=true fail it."""
    text = f"{part}: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have every real part. {text}", pytrace=False)
    pytest.skip(text)
