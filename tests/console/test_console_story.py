"""The demo's story, acted out in two browsers: two agencies, two nodes, one hub between them, as `make console` runs it."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest
from console.browser_parts import Window, axe_finds
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STARTED_WITHIN_S = 240
TOLD_MS = 120_000


@pytest.fixture(scope="module")
def front_door(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the demo with its consoles, as a process of its own; yield where to choose."""
    port = free_port_with_three_after_it()
    data = tmp_path_factory.mktemp("story") / "data"
    command = [sys.executable, "-m", "casebus", "demo", "--console", "--data", str(data), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEBUS_")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        for each in range(port, port + 4):
            answers(f"http://127.0.0.1:{each}/login" if each > port else f"http://127.0.0.1:{each}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240)
    assert process.returncode == 130


def free_port_with_three_after_it() -> int:
    """Return a port that nothing else takes meanwhile: of those that systems do not hand out by themselves."""
    candidates = (random.randrange(20_000, 32_000) for _ in range(1000))
    return next(port for port in candidates if all(map(is_free, range(port, port + 4))))


def is_free(port: int) -> bool:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            httpx2.get(address)
        except httpx2.TransportError:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.1)
        else:
            return


def let_happen(page: Page, scene: str) -> None:
    page.get_by_role("button", name=scene).click()


def test_the_story_is_acted_out_by_two_desks(browser: Browser, front_door: str) -> None:
    door = Window(browser, front_door)
    door.page.goto("/")
    assert axe_finds(door.page) == []
    links = [door.page.get_by_role("link", name=name) for name in ("New Zealand Police", "National Crime Agency")]
    addresses = [str(link.get_attribute("href")) for link in links]
    police, nca = (Window(browser, address) for address in addresses)
    ours, theirs = police.log_in("OCEANZ-17"), nca.log_in("NCA-204")
    let_happen(door.page, "A CyberTip reaches OCEANZ")
    let_happen(door.page, "The National Crime Agency's package")
    for page in (ours, theirs):
        expect(page.locator("#news")).to_contain_text("1 alert changed", timeout=TOLD_MS)
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".console-row")).to_have_count(1)
    ours.locator(".console-row button").click()
    expect(theirs.locator(".console-states")).to_contain_text("acknowledged", timeout=TOLD_MS)
    for page, tab in ((ours, "in-hand"), (theirs, "needs-us")):
        page.goto(f"/?tab={tab}")
        page.locator(".console-ref").click()
        page.locator("#outcome").select_option("JOINT_INVESTIGATION")
        page.locator("#do-resolve").click()
        page.locator("#do-confirm").click()
        expect(page.get_by_role("status")).to_contain_text("Your outcome was proposed")
    for page in (ours, theirs):
        page.goto("/?tab=done")
        while page.locator(".console-row").count() == 0:  # the other side's outcome is still on its way
            page.reload()
        expect(page.locator(".console-states")).to_contain_text("Resolved")
    assert ours.locator(".console-ref").inner_text() != theirs.locator(".console-ref").inner_text()
    assert "900000101" not in theirs.content(), "the partner's own number never crosses"
    let_happen(door.page, "A CyberTip about material that a child posted")
    let_happen(door.page, "The visit is completed")
    ours.goto("/outcomes")
    while "Safeguarded from potential abuse" not in ours.content():
        ours.reload()
    for window in (door, police, nca):
        window.close()
