"""Takes a picture of every page of the console, for people to look at: docs/pages. Needs Chromium and the assets."""

import re
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from console.browser_parts import FLAGS, Window, free_port, served  # noqa: E402  the tests' own parts show what the tests see
from console.console_world import IA, LEAD, NOW, OFFICER, World  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from casebus.cases.outcomes import OUTCOMES  # noqa: E402
from casebus.cases.outgoing import NOTICES, Notice  # noqa: E402
from casebus.cli.demo_console import scenes_of  # noqa: E402
from casebus.console.chooser import Door, create_chooser  # noqa: E402
from casebus.console.serving import Application, Server  # noqa: E402
from casebus.events import enumerations as en  # noqa: E402
from casebus.events.types import Contact, MatchedKind  # noqa: E402
from casebus.intake.checks import OWN_CHECKS  # noqa: E402
from casebus.settings import ConsoleSettings  # noqa: E402
from casebus.state import Save  # noqa: E402
from casebus.wire.ids import content_id  # noqa: E402

PAGES = ROOT / "docs/pages"
NCA_DESK = Contact(
    desk="NCA referrals bureau duty desk",
    phone="+44 1632 960 123",
    email="referrals.duty@nca.example",
    hours="24/7",
    time_zone="Europe/London",
)


def matched(*kinds: tuple[en.IdentifierType, en.Agreement]) -> tuple[MatchedKind, ...]:
    """Return what agrees."""
    return tuple(MatchedKind(kind=kind, agreement=how, rarity=en.Rarity.rare) for kind, how in kinds)


def fill(world: World) -> None:
    """Put a morning's work onto the board."""
    kind, how = en.IdentifierType, en.Agreement
    two = matched((kind.EMAIL, how.exact), (kind.SERVICE_SCREEN_NAME, how.similar), (kind.NAME_DOB, how.differs))
    one = matched((kind.PHONE_E164, how.exact))
    immediate = world.alert("a", 40, severity=en.Severity.immediate, matched=two, contact=NCA_DESK)
    late = world.alert("b", 9 * 60, matched=one, contact=NCA_DESK)
    mine = world.alert("c", 90, matched=two, contact=NCA_DESK, strength=en.Strength.very_strong, score=15.2)
    routine = world.alert("d", 3000, severity=en.Severity.routine, partner=IA, matched=one)
    child = world.alert("e", 30, overlap=en.Overlap.same_child, partner=None, matched=two)
    done = world.alert("f", 6000, severity=en.Severity.routine, matched=one, contact=NCA_DESK)
    weak = world.alert("h", 600, band=en.Band.review, matched=matched((kind.NAME_DOB, how.similar)), contact=NCA_DESK)
    world.hold(immediate, late, mine, routine, child, done, weak)
    world.hold(world.alert("g", 300, overlap=en.Overlap.same_source_report, partner=IA, matched=()))
    world.partner_does(mine)
    world.partner_does(done, en.ConflictOutcome.JOINT_INVESTIGATION)


def work(world: World) -> dict[str, str]:
    """Let officers have worked on it; return the references."""
    ref = {name: world.alert(name).ref for name in "abcdefh"}
    officer, lead = world.browser(OFFICER), world.browser(LEAD)
    officer.send(f"/alerts/{ref['c']}/assign", {"value": OFFICER})
    world.clock.sleep(300)
    officer.send(f"/alerts/{ref['c']}/acknowledge", {"note": "Rang the duty desk: they call back at ten."})
    lead.send(f"/alerts/{ref['f']}/resolve", {"value": "JOINT_INVESTIGATION", "confirmed": "yes"})
    return ref


def main() -> None:
    """Take them."""
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("take_pages: Chromium is not installed (Debian: apt-get install chromium fonts-dejavu)")
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        world = World(Path(folder) / "data")
        fill(world)
        ref = work(world)
        world.clock.sleep(timedelta(minutes=2).total_seconds())
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        with served(world) as address:
            take(Window(browser, address, viewport={"width": 1280, "height": 800}), world, ref)
            phone = Window(browser, address, viewport={"width": 320, "height": 640})
            phone.log_in()
            shot(phone, "board-320", "/")
            forced = Window(browser, address, viewport={"width": 1280, "height": 800}, forced_colors="active")
            forced.log_in()
            shot(forced, "board-forced-colours", "/")
        take_door(browser)
    print(f"{len(list(PAGES.iterdir()))} pages in {PAGES.relative_to(ROOT)}, as of {NOW.date()}")


def asked(world: World) -> str:
    """Ask before acting and let nothing be found; return where the answer is."""
    form = {
        "basis": "PLANNED_ACTION",
        "urgency": "HIGH",
        "purpose": "INVESTIGATION",
        "email": "a.fictional@mail.example",
    }
    path = str(world.browser(OFFICER).send("/check", form).headers["location"])
    with world.store.transaction() as tx:
        (check,) = tx.all(OWN_CHECKS)
        covered = ("nz-internal-affairs", "uk-nca")
        tx.apply(Save(NOTICES, Notice("n", "DeconflictionNoHit", check.check_id, "", world.clock.now(), covered)))
    return path


def stated(world: World) -> str:
    """State two numbers of children and restate one; return where the other is restated."""
    desk = world.browser(OFFICER)
    tips = {"kind": "SAFEGUARDED_FROM_POTENTIAL_ABUSE", "rule": "DISTINCT_CHILDREN", "status": "PROVISIONAL"}
    found = {"kind": "LOCATED_MISSING", "rule": "DISTINCT_CHILDREN", "status": "CONFIRMED", "country": "NZ"}
    desk.send("/children", {**tips, "number": "4", "measures": ["SAFETY_PLAN"], "command": content_id("first")})
    with world.store.view() as view:
        (first,) = view.all(OUTCOMES)
    again = {**tips, "number": "3", "status": "RESTATED", "revision": "1", "command": content_id("second")}
    desk.send(f"/children/{first.outcome_id}/restate", again)
    desk.send("/children", {**found, "number": "1", "command": content_id("third")})
    with world.store.view() as view:
        (other,) = [each for each in view.all(OUTCOMES) if each.stated.country]
    return f"/children/{other.outcome_id}/restate"


def take(window: Window, world: World, ref: dict[str, str]) -> None:
    """Take every page as one officer sees it."""
    window.page.goto("/login")
    window.page.screenshot(path=PAGES / "login.png", full_page=True)
    page = window.log_in()
    check, restated = asked(world), stated(world)
    for name, path in {
        "board": "/",
        "board-in-hand": "/?tab=in-hand",
        "board-done": "/?tab=done",
        "board-nothing": "/?severity=routine&partner=uk-nca",
        "alert": f"/alerts/{ref['c']}",
        "alert-to-review": f"/alerts/{ref['h']}",
        "alert-immediate": f"/alerts/{ref['a']}",
        "links": f"/alerts/{ref['c']}/links",
        "talk": f"/alerts/{ref['c']}/talk",
        "referrals": "/referrals",
        "not-here": "/alerts/NP-NOTHING",
        "ask-before-acting": "/check",
        "check": check,
        "feeds": "/feeds",
        "outcomes": "/outcomes",
        "children": "/children",
        "welfare": "/welfare",
        "restate": restated,
        "directory": "/directory",
        "preferences": "/preferences",
        "help": "/help",
        "accessibility": "/accessibility",
    }.items():
        shot(window, name, path)
    page.goto("/")
    page.locator("#find-name").fill("465253bd-5708-874d-99b1-7c742768091f")
    page.locator("#find-name").press("Enter")
    page.locator("h1").wait_for()
    page.screenshot(path=PAGES / "found.png", full_page=True)
    page.goto(f"/alerts/{ref['b']}")
    page.locator("#outcome").select_option("FALSE_MATCH")
    page.locator("#resolve-note").fill("Not the same man: theirs is eighty.")
    world.browser(LEAD).send(f"/alerts/{ref['b']}/acknowledge")
    page.locator("#do-resolve").click()
    page.screenshot(path=PAGES / "confirm.png", full_page=True)
    page.locator("#do-confirm").click()
    page.screenshot(path=PAGES / "somebody-was-first.png", full_page=True)
    page.goto("/")
    page.locator("#live[data-state=live]").wait_for()
    world.hold(world.alert("new", 0, severity=en.Severity.immediate, contact=NCA_DESK))
    page.locator(".console-bar").wait_for()
    page.screenshot(path=PAGES / "board-new.png", full_page=True)


def take_door(browser: Browser) -> None:
    """Take the front door of `make console`."""
    doors = [Door("New Zealand Police (OCEANZ)", "http://127.0.0.1:8471", ["OCEANZ-17", "OCEANZ-02"])]
    doors.append(Door("National Crime Agency", "http://127.0.0.1:8472", ["NCA-204"]))
    settings = ConsoleSettings(port=free_port())
    server = Server(lambda: Application(create_chooser(doors, scenes_of(lambda *_: None))), settings)
    try:
        window = Window(browser, settings.address)
        window.page.goto("/")
        window.page.screenshot(path=PAGES / "choose-an-agency.png", full_page=True)
        window.close()
    finally:
        server.close()


def shot(window: Window, name: str, path: str) -> None:
    """Take one page."""
    window.page.goto(path)
    if re.match(r"/($|\?)", path):
        window.page.locator("#live[data-state=live]").wait_for()
    window.page.screenshot(path=PAGES / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
