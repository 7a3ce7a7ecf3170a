"""Turns values into pages. Everything that reaches a template is escaped there."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from casebus.cases.telling import overlap_words
from casebus.clock import Clock
from casebus.console import words
from casebus.console.assets import TEMPLATES, is_styled
from casebus.console.freshness import Fresh
from casebus.console.logins import SignedIn
from casebus.harmless import harmless
from casebus.wire.ids import RANDOM_BYTES, uuid7


class Pages:
    """The templates, with what every page needs: the agency, the time, whether it is training, who is looking, how fresh
    it is.
    """

    def __init__(
        self, agency: str, agency_name: str, clock: Clock, fresh: Callable[[], Fresh | None], *, training: bool
    ) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "utc": words.utc,
            "span": words.span,
            "in_words": words.in_words,
            "overlap": overlap_words,
        }
        self._environment.globals |= {
            "agency": agency,
            "agency_name": agency_name,
            "training": training,
            "styled": is_styled(),
            "w": words,
            "new_id": self._new_id,
            "how_fresh": fresh,
        }

    def _new_id(self) -> str:
        return uuid7(self._clock.now(), secrets.token_bytes(RANDOM_BYTES))

    def text(self, template: str, signed: SignedIn | None, values: Mapping[str, Any]) -> str:
        """Return a template filled in."""
        given = {"signed": signed, "now": self._clock.now(), **values}
        return self._environment.get_template(template).render(given)

    def page(self, template: str, signed: SignedIn | None = None, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        return HTMLResponse(self.text(template, signed, values), status)


def _shown(value: object) -> object:
    """Return what a template puts out: of every text that is no markup of ours, what others typed in it steers nothing."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value
