"""The front door of `make console`: scenes happen once, and in an order in which they can."""

from starlette.testclient import TestClient

from casebus.console.chooser import COOKIE, Scene, create_chooser


def test_a_scene_happens_once_and_not_before_the_one_it_goes_on_from() -> None:
    happened: list[str] = []
    visit = Scene("A visit is requested", "Look.", lambda: happened.append("requested"))
    done = Scene("The visit is completed", "Look.", lambda: happened.append("completed"), after=visit)
    browser = TestClient(create_chooser([], [visit, done]), follow_redirects=False)
    page = browser.get("/").text
    assert "It comes after “A visit is requested”." in page
    assert page.count("Let it happen") == 1
    form = {"csrf": browser.cookies[COOKIE]}
    for number in (1, 0, 0, 1, 1):
        assert browser.post(f"/scenes/{number}", data=form).status_code == 303
    assert happened == ["requested", "completed"]
    assert browser.get("/").text.count("This has happened.") == 2
