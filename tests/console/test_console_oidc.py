"""Logging in through an identity provider: a real OpenID provider on this machine, code flow, PKCE, state and nonce."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import oidc_provider_mock
import pytest
from console.console_world import NOW, OFFICER, Browser, World, unlisted

from casebus.clock import FixedClock
from casebus.console.oidc import COOKIE, UNDER_WAY_S, Oidc
from casebus.errors import UsageError
from casebus.settings import ConsoleSettings


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def settings(issuer: str, tmp_path: Path) -> ConsoleSettings:
    secret = tmp_path / "client.secret"
    secret.write_text("not-a-real-secret\n")
    return ConsoleSettings(
        port=8470, oidc_issuer=issuer, oidc_client_id="casebus-desk", oidc_client_secret_file=str(secret)
    )


def to_provider(browser: Browser, address: str = "/login/provider?next=/directory") -> str:
    answer = browser.get(address)
    assert answer.status_code == 302
    return str(answer.headers["location"])


def vouched(provider: str, officer: str) -> str:
    """Log in at the provider; return the path of the console that it leads back to."""
    answer = httpx2.post(provider, data={"sub": officer}, follow_redirects=False)
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def test_an_officer_whom_the_provider_vouches_for_is_let_in(world: World, settings: ConsoleSettings) -> None:
    browser = world.browser(None, settings)
    assert "Log in through your agency" in browser.get("/login").text
    provider = to_provider(browser)
    asked = parse_qs(urlsplit(provider).query)
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    answer = browser.get(vouched(provider, OFFICER))
    assert (answer.status_code, answer.headers["location"]) == (303, "/directory")
    assert OFFICER in browser.get("/help").text


def test_whom_the_agency_does_not_list_is_not_let_in_whoever_vouches(world: World, settings: ConsoleSettings) -> None:
    unlisted(world, OFFICER)
    browser = world.browser(None, settings)
    assert browser.get(vouched(to_provider(browser), OFFICER)).status_code == 403
    assert browser.get("/").status_code == 303


def test_an_answer_serves_once_and_in_the_browser_that_asked(world: World, settings: ConsoleSettings) -> None:
    browser = world.browser(None, settings)
    provider = to_provider(browser)
    back = vouched(provider, OFFICER)
    stranger = world.browser(None, settings)
    assert stranger.get(back).status_code == 403
    held = {"cookie": f"{COOKIE}={browser.client.cookies[COOKIE]}"}
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403
    assert browser.get(back, headers=held).status_code == 403, "whoever kept the cookie neither"
    again = vouched(provider, OFFICER)  # a new code for the same question, of which the provider knows no better
    assert browser.get(again, headers=held).status_code == 403


def tampered(back: str, name: str) -> str:
    path, _, query = back.partition("?")
    return path + "?" + "&".join(p + "x" if p.startswith(f"{name}=") else p for p in query.split("&"))


@pytest.mark.parametrize("name", ["state", "code"])
def test_an_answer_that_was_tampered_with_lets_nobody_in(world: World, settings: ConsoleSettings, name: str) -> None:
    browser = world.browser(None, settings)
    back = vouched(to_provider(browser), OFFICER)
    answer = browser.get(tampered(back, name))
    assert answer.status_code == 403
    assert browser.get("/").status_code == 303


def test_a_provider_that_says_no_lets_nobody_in(world: World, settings: ConsoleSettings) -> None:
    browser = world.browser(None, settings)
    to_provider(browser)
    assert browser.get("/login/callback?error=access_denied&error_description=%3Cb%3E").status_code == 403


def test_a_provider_that_does_not_answer_is_said_to(world: World, settings: ConsoleSettings) -> None:
    dead = settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:1"})
    assert world.browser(None, dead).get("/login/provider").status_code == 503


def test_nobody_logs_in_by_name_where_a_provider_is_set_up(world: World, settings: ConsoleSettings) -> None:
    browser = world.browser(None, settings)
    answer = browser.client.post("/login", data={"officer": OFFICER, "csrf": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize("missing", [{"oidc_client_id": None}, {"oidc_client_secret_file": None}])
def test_half_a_setting_is_refused_at_the_start(settings: ConsoleSettings, missing: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Oidc.of(settings.model_copy(update=missing), FixedClock(NOW))


def test_a_provider_is_not_asked_over_a_network_in_the_clear(settings: ConsoleSettings) -> None:
    with pytest.raises(UsageError):
        Oidc.of(settings.model_copy(update={"oidc_issuer": "http://login.police.example"}), FixedClock(NOW))


def test_a_login_under_way_is_kept_by_its_browser_alone(world: World, settings: ConsoleSettings) -> None:
    """So nobody can make the console forget somebody's login by beginning many."""
    browser = world.browser(None, settings)
    to_provider(browser)
    before = repr(vars(browser.parts.oidc))
    back = vouched(to_provider(browser), OFFICER)
    assert repr(vars(browser.parts.oidc)) == before
    cookie = browser.client.cookies[COOKIE]
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert state not in cookie, "sealed: whoever reads the cookie learns nothing of it"
    altered = {"cookie": f"{COOKIE}={cookie[:-8]}{cookie[:8]}"}
    assert world.browser(None, settings).get(back, headers=altered).status_code == 403


def test_a_login_under_way_is_over_after_ten_minutes(world: World, settings: ConsoleSettings) -> None:
    browser = world.browser(None, settings)
    back = vouched(to_provider(browser), OFFICER)
    cookie = browser.client.cookies[COOKIE]
    world.clock.sleep(UNDER_WAY_S + 1)
    assert browser.get(back, headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 403
