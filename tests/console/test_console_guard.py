"""What stands before every page: who may keep an answer, and how long a request may take to arrive."""

import pytest
from console.console_world import OFFICER, World


def test_a_page_is_kept_by_no_cache_even_where_a_file_was_asked_for(desk: World) -> None:
    browser = desk.browser()
    missing = browser.get("/static/nothing.css")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    assert OFFICER in missing.text, "the page is somebody's own"
    assert browser.client.post("/static/app.css").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/app.css", "/static/icon.svg"])
def test_a_file_of_the_console_itself_may_be_kept(desk: World, path: str) -> None:
    browser = desk.browser(None)
    found = browser.get(path)
    assert (found.status_code, "cache-control" in found.headers) == (200, False)
    again = browser.get(path, headers={"if-none-match": found.headers["etag"]})
    assert (again.status_code, "cache-control" in again.headers) == (304, False)
