"""What every page of a console promises: who may open it, what it sends with it, what it does with what it does not know."""

import re

import pytest
from console.console_world import LEAD, NZ, OFFICER, OPERATOR, PAGES, UK, World, unlisted

from casebus.console.guard import MAX_BODY_BYTES, POLICY
from casebus.errors import NotPermitted, UsageError
from casebus.settings import ConsoleSettings


def refs(page: str) -> list[str]:
    """Return the references of a board, from top to bottom."""
    return re.findall(r'id="row-([A-Z0-9-]+)"', page)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_for_an_officer_who_has_worked(desk: World, path: str) -> None:
    browser = desk.browser()
    browser.send(f"/alerts/{desk.alert('high').ref}/acknowledge")
    assert browser.get(path).status_code == 200


def test_feeds_say_when_a_partner_was_last_heard(desk: World) -> None:
    desk.partner_does(desk.alert("high"))
    page = " ".join(desk.browser().get("/feeds").text.split())
    assert "National Crime Agency" in page
    assert "10 min ago" in page


def test_the_board_has_the_worst_first_and_no_notice_among_what_needs_us(desk: World) -> None:
    page = desk.browser().get("/").text
    wanted = [desk.alert(name).ref for name in ("immediate", "high", "routine")]
    assert refs(page) == wanted
    assert refs(desk.browser().get("/?tab=notices").text) == [desk.alert("notice").ref]


def test_a_board_is_on_record_with_the_alerts_and_fields_that_it_showed(desk: World) -> None:
    desk.browser().get("/?severity=high")
    (reading,) = desk.readings()
    assert reading.references == (desk.alert("high").ref,)
    assert "severity" in reading.fields
    assert "contact" not in reading.fields, "the board shows no contact"


def test_an_empty_board_says_which_filter_hides_rows(desk: World) -> None:
    page = desk.browser().get(f"/?partner={UK}&severity=routine").text
    assert refs(page) == []
    assert "Your filters hide all 3 alerts" in page


@pytest.mark.parametrize("query", ["tab=nonsense", "page=-1", "page=99999", "severity=%00", "kind=%F0%9F", "page=²"])
def test_an_address_that_is_not_understood_shows_more_and_never_less(desk: World, query: str) -> None:
    answer = desk.browser().get(f"/?{query}")
    assert answer.status_code == 200
    assert len(refs(answer.text)) == 3


def test_an_alert_shows_why_it_matched_whom_to_ring_and_what_is_withheld(desk: World) -> None:
    page = desk.browser().get(f"/alerts/{desk.alert('high').ref}").text
    for words in (
        "E-mail address",
        "nobody else has it",
        "Example desk",
        "+64 4 555 0199",
        "Withheld by National Crime",
    ):
        assert words in page


def test_nobody_sees_anything_before_logging_in(desk: World) -> None:
    stranger = desk.browser(None)
    for page in (*PAGES, f"/alerts/{desk.alert('high').ref}"):
        answer = stranger.get(page)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), page
    assert stranger.get("/stream").status_code == 401
    assert desk.readings() == []


def test_login_leads_on_to_where_the_officer_was_going_and_nowhere_else(desk: World) -> None:
    stranger = desk.browser(None)
    assert stranger.get("/alerts/NP-1?x=1").headers["location"] == "/login?next=%2Falerts%2FNP-1%3Fx%3D1"
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        page = stranger.get("/login", params={"next": elsewhere}).text
        assert 'name="going_to" value="/"' in page, elsewhere


def test_login_by_name_lets_in_who_is_listed_and_nobody_else(desk: World) -> None:
    stranger = desk.browser(None)
    answer = stranger.log_in("somebody")
    assert answer.status_code == 403
    assert "casebus-nz-police" not in stranger.client.cookies
    assert stranger.log_in(LEAD).status_code == 303


def test_login_by_name_is_refused_where_it_was_not_asked_for(desk: World) -> None:
    stranger = desk.browser(None, ConsoleSettings(port=8470))
    page = stranger.get("/login").text
    assert "Nobody can log in to this console" in page
    assert stranger.client.post("/login", data={"officer": OFFICER, "csrf": "x"}).status_code == 403


def test_login_by_name_is_refused_among_real_cases(desk: World) -> None:
    text = desk.installation.layout.settings.read_text().replace("training = true", "training = false")
    real = desk.installation.settings.model_validate(
        desk.installation.settings.model_dump() | {"training": False, "console": {}}
    )
    assert "training = false" in text
    object.__setattr__(desk.installation, "settings", real)
    with pytest.raises(NotPermitted):
        desk.browser(None)


def test_cases_are_not_sent_over_a_network_in_the_clear(desk: World) -> None:
    with pytest.raises(UsageError):
        desk.browser(None, ConsoleSettings(port=8470, bind="0.0.0.0"))
    proxied = ConsoleSettings(port=8470, bind="0.0.0.0", behind_proxy=True, training_login=True)
    for origin in (None, "http://desk.police.example"):
        with pytest.raises(UsageError):
            desk.browser(None, proxied.model_copy(update={"origin": origin}))
    browser = desk.browser(OFFICER, proxied.model_copy(update={"origin": "https://desk.police.example"}))
    assert browser.parts.logins.cookie.startswith("__Host-")
    assert browser.get("/").status_code == 200


def test_an_officer_who_is_no_longer_listed_is_out_at_once(desk: World) -> None:
    browser = desk.browser()
    assert browser.get("/").status_code == 200
    unlisted(desk, OFFICER)
    assert browser.get("/").status_code == 303


def test_an_operator_sees_no_case(desk: World) -> None:
    browser = desk.browser(OPERATOR)
    for page in ("/", f"/alerts/{desk.alert('high').ref}"):
        answer = browser.get(page)
        assert answer.status_code == 403
        assert not any(desk.alert(name).ref in answer.text for name in ("immediate", "high", "routine"))


def test_an_operator_begins_at_the_feeds_and_is_offered_no_page_of_cases(desk: World) -> None:
    for who, first in ((OPERATOR, "/feeds"), (OFFICER, "/")):
        assert desk.browser(None).log_in(who).headers["location"] == first
    browser = desk.browser(OPERATOR)
    menu = browser.get("/feeds").text.partition('aria-label="Console"')[2].partition("</nav>")[0]
    offered = re.findall(r'href="([^"]+)"', menu)
    assert offered == ["/feeds", "/directory", "/preferences", "/help"]
    assert {browser.get(page).status_code for page in offered} == {200}


def test_a_session_ends_with_its_logout_even_for_who_kept_the_cookie(desk: World) -> None:
    browser = desk.browser()
    kept = dict(browser.client.cookies)
    assert browser.send("/logout").status_code == 303
    browser.client.cookies.update(kept)
    assert browser.get("/").status_code == 303


def test_a_session_ends_by_itself_after_a_shift(desk: World) -> None:
    browser = desk.browser()
    desk.clock.sleep(12 * 3600 - 1)
    assert browser.get("/").status_code == 200
    desk.clock.sleep(2)
    assert browser.get("/").status_code == 303


def test_a_restart_of_the_console_logs_nobody_out(desk: World) -> None:
    browser, later = desk.browser(), desk.browser(None)
    later.client.cookies.update(browser.client.cookies)
    assert later.get("/").status_code == 200


def test_the_state_of_the_agency_does_not_hold_what_logs_in(desk: World) -> None:
    browser = desk.browser()
    token = browser.client.cookies["casebus-nz-police"]
    desk.store.close()
    state = desk.installation.role(NZ).directory
    assert not any(token.encode() in path.read_bytes() for path in state.rglob("*") if path.is_file())


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(desk: World) -> None:
    stranger = desk.browser(None)
    cookie = stranger.log_in(OFFICER).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    secure = desk.browser(None, ConsoleSettings(port=8470, origin="https://desk.example", training_login=True))
    cookie = secure.log_in(OFFICER).headers["set-cookie"]
    assert cookie.startswith("__Host-casebus-nz-police=")
    assert "Secure" in cookie
    assert "strict-transport-security" in secure.get("/login").headers


@pytest.mark.parametrize("path", [*PAGES, "/login", "/nothing", "/alerts/NP-NOTHING", "/static/app.css", "/static/x"])
def test_every_answer_forbids_what_is_not_the_consoles_own(desk: World, path: str) -> None:
    answer = desk.browser().get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert path.startswith("/static/") or answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_no_page_has_a_script_or_a_style_of_its_own(desk: World, path: str) -> None:
    page = desk.browser().get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src=)", page)
    assert not re.search(r'(src|href|action)="(https?:)?//', page), "everything is the console's own"


def test_no_page_uses_what_belongs_to_gov_uk_alone(desk: World) -> None:
    page = desk.browser().get("/").text.lower()
    assert not re.search(r"crown|gds transport|govuk-logo|gov\.uk", page)


def test_a_body_that_no_form_can_have_is_refused_before_it_is_read(desk: World) -> None:
    browser = desk.browser()
    too_large = browser.send(f"/alerts/{desk.alert('high').ref}/acknowledge", {"note": "x" * (MAX_BODY_BYTES + 1)})
    assert too_large.status_code == 413
    assert desk.kept(desk.alert("high")) == desk.alert("high")


def test_another_agencys_alert_and_none_at_all_get_the_same_answer(desk: World) -> None:
    foreign = World(desk.installation.layout.root, UK, desk.clock)
    theirs = foreign.alert("theirs")
    foreign.hold(theirs)
    browser = desk.browser()
    answers = [browser.get(f"/alerts/{ref}") for ref in (theirs.ref, theirs.conflict_id, "NP-NOTHING", "%00", "<b>")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["content-length"] for answer in answers} == {answers[0].headers["content-length"]}
    assert [reading.references for reading in desk.readings()] == [()] * 5, "the looks are on record all the same"
    foreign.store.close()


def test_preferences_are_kept_in_the_browser(desk: World) -> None:
    browser = desk.browser()
    assert browser.send("/preferences", {"shortcuts": "off"}).status_code == 303
    assert 'id="keys-off" name="shortcuts" type="radio" value="off" checked' in browser.get("/preferences").text


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Nowhere/Land", "../etc/passwd"])
def test_a_time_zone_that_nobody_knows_is_named_and_breaks_nothing(desk: World, zone: str) -> None:
    contact = desk.alert("high").contact.model_copy(update={"time_zone": zone})
    alert = desk.alert("zone", contact=contact)
    desk.hold(alert)
    page = desk.browser().get(f"/alerts/{alert.ref}").text
    assert ("Friday 9:14 pm NZST" in page) == (zone == "Pacific/Auckland")
    assert zone in page
