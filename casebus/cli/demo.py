"""`casebus demo`: the main job, told as a story while it really happens.

Four roles run as processes of their own under a supervisor. What the story shows of each agency it gets as that agency
would: by the command line at that agency's node, one process each, so that no process holds every key.
"""

import os
import tempfile
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.cases.telling import overlap_words
from casebus.cli import demo_officers
from casebus.cli.demo_network import DemoNetwork
from casebus.cli.demo_words import say, title
from casebus.cli.ledger_replay import replayed
from casebus.cli.node import training_banner
from casebus.cli.options import Data, clock
from casebus.cli.output import page
from casebus.errors import NotPermitted
from casebus.events.enumerations import Overlap
from casebus.installing import LEDGER_ORIGIN, initialise
from casebus.layout import HUB, Layout
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.note import parse_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.publication import CHECKPOINT
from casebus.settings import load
from casebus.testing import story

OUTCOME = "JOINT_INVESTIGATION"


def demo(
    data: Data = None,
    bootstrap: Annotated[str | None, typer.Option("--bootstrap", help="Run on Apache Kafka at HOST:PORT.")] = None,
    database: Annotated[str | None, typer.Option("--database", help="Run on PostgreSQL at this URL.")] = None,
    console: Annotated[bool, typer.Option("--console", help="Act it out in a browser, a console an agency.")] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65532, help="Of the consoles' front door.")] = 8470,
) -> None:
    """Tell the story: three agencies publish, two hold the same person, both are told, a child is safeguarded.

    Everything is synthetic. The account is on stdout, progress on stderr. Told twice on one --data, nothing happens
    twice.
    """
    training_banner()
    root = (data or Path(tempfile.mkdtemp(prefix="casebus-demo-"))).absolute()
    layout = prepared(root, bootstrap, database)
    if console:
        from casebus.cli import demo_console  # here: the story needs no web server

        demo_console.act_out(layout, port, DemoNetwork)
        return
    with DemoNetwork(layout) as network:
        Story(network).tell()
    page().print(f"\nEverything is still there: casebus status --data {root}", soft_wrap=True)


def prepared(root: Path, bootstrap: str | None, database: str | None) -> Layout:
    """Make a training data directory, or take the one that is there; write down which bus and database it uses."""
    layout = Layout(root)
    if not layout.settings.exists():
        # A broker may have carried the story before: with the published keys, a second ledger of one name forks it.
        origin = f"{LEDGER_ORIGIN}/{uuid.uuid4().hex[:12]}" if bootstrap else LEDGER_ORIGIN
        initialise(root, training=True, now=clock().now(), ledger_origin=origin)
    if not load(layout.settings, {}).training:
        raise NotPermitted(
            f"{root} is not for training: a story must not be told among real cases",
            next_step="leave --data out, or name a directory that `casebus init --training` made.",
        )
    for variable in ("CASEBUS_BOOTSTRAP", "CASEBUS_DATABASE_FILE"):
        os.environ.pop(variable, None)  # the story goes where its own options say, never to what is set up for work
    change: dict[str, object] = {}
    if bootstrap:
        change["bootstrap"] = bootstrap
    if database:
        secret = root / "database.url"
        secret.touch(mode=0o600)
        secret.write_text(database)
        change["database_file"] = str(secret)
    if change:
        layout.settings.write_text(load(layout.settings, {}).model_copy(update=change).to_toml(), encoding="utf-8")
    return layout


class Story:
    """The scenes, in order. Each puts documents in, waits for rest, and says what each side sees."""

    def __init__(self, network: DemoNetwork) -> None:
        self._net = network
        self._refs: dict[str, str] = {}

    def tell(self) -> None:
        """Tell all of it."""
        for scene in (
            self._register,
            self._one_account,
            self._both_work_on_it,
            self._a_child,
            self._same_report,
            self._officers,
            self._bad_input,
            self._ledger,
            self._replay,
        ):
            scene()

    def _register(self) -> None:
        title("Internal Affairs joins with its open cases")
        self._net.put(story.AFFAIRS, "case-register.csv", story.register())
        self._net.settle()
        say(
            f"Internal Affairs' register of {story.REGISTER_CASES} open cases is loaded as a backlog: no alarm is raised."
        )
        say("The hub holds keyed tokens of their identifiers and never a value.")

    def _one_account(self) -> None:
        title("One account, two agencies")
        before = {agency: self._net.hits(agency) for agency in (story.POLICE, story.NCA)}
        self._net.put(story.POLICE, "cybertip-1.json", story.cybertip())
        self._net.settle()
        say("A CyberTip reaches OCEANZ. Nobody else is told of it.")
        started = self._net.clock.monotonic()
        self._net.put(story.NCA, "package-1.json", story.package())
        if before[story.NCA]:
            self._net.settle()
            say("This story was told here before: both were told then, and are not told again.")
        else:
            for agency in (story.POLICE, story.NCA):
                self._net.wait_for(lambda a=agency: self._net.hits(a) > before[a], f"{agency} was not told")  # type: ignore[misc]
            say("The National Crime Agency's package names the same account. Both desks are told.")
            say(f"From document to alert at both: {self._net.clock.monotonic() - started:.2f} s ({self._engine()}).")
        self._net.settle()
        self._refs = {agency: self._show(agency) for agency in (story.POLICE, story.NCA)}

    def _engine(self) -> str:
        settings = self._net.installation.settings
        bus = "Apache Kafka" if settings.bootstrap else "embedded bus"
        return f"{bus}, {'PostgreSQL' if settings.database_file else 'SQLite'}"

    def _show(self, agency: str) -> str:
        alert = self._alert(agency)
        kinds = ", ".join(m["kind"].lower().replace("_", " ") for m in alert["matched"] if m["agreement"] != "differs")
        contact = alert["contact"]
        say(f"{agency} sees {alert['ref']}: {overlap_words(Overlap(alert['overlap']))}, {alert['severity']}.")
        say(f"  it concerns its own {alert['own']['kind']} {alert['own']['ref']}; agreeing: {kinds}")
        say(f"  strength: {alert['strength'].replace('_', ' ')} ({alert['score']:.1f})")
        say(f"  respond by {alert['respond_by']}")
        say(f"  ring {contact['desk']}, {contact['phone']} ({contact['hours']}, {contact['time_zone']})")
        say(f"  of {alert['partner']}'s case it sees nothing else.")
        return str(alert["ref"])

    def _alert(self, agency: str) -> dict[str, Any]:
        """Return the agency's alert of this story: the one about its own first record."""
        alerts = self._net.command("alerts", "list", "--agency", agency)["alerts"]
        own = {story.POLICE: story.CYBERTIP_NUMBER, story.NCA: story.PACKAGE_NUMBER}[agency]
        found: dict[str, Any] = next(a for a in alerts if a["own"]["ref"] == own)
        return found

    def _both_work_on_it(self) -> None:
        title("Two desks, one conflict")
        for agency, officer in ((story.POLICE, "OCEANZ-17"), (story.NCA, "NCA-204")):
            ref = self._refs[agency]
            as_officer = ("--agency", agency, "--officer", officer)
            self._net.command("alerts", "ack", ref, *as_officer)
            alert = self._net.command("alerts", "resolve", ref, "--outcome", OUTCOME, *as_officer)
            say(f"{agency}: acknowledged {ref}, proposes {alert['outcome'].lower().replace('_', ' ')}.")
        self._net.settle()
        for agency in (story.POLICE, story.NCA):
            alert = self._alert(agency)
            say(f"{agency}: {alert['ref']} is {alert['state']}: {alert['outcome'].lower().replace('_', ' ')}.")

    def _a_child(self) -> None:
        title("A child's own account")
        self._net.put(story.POLICE, "cybertip-2.json", story.child_cybertip())
        self._net.settle()
        say("A second CyberTip shows material that a child posted: the account's holder may be the child.")
        say("The bus carries it as a possible child, never as a suspect.")
        self._net.put(story.POLICE, "welfare-1.csv", story.welfare_request())
        self._net.settle()
        say("A welfare visit is requested at once; no conflict can hold it up.")
        self._net.put(story.POLICE, "welfare-2.csv", story.welfare_outcome())
        self._net.settle()
        say("The visit is completed, and one child is safeguarded: counted once, with its counting rule.")

    def _same_report(self) -> None:
        title("The same report at two agencies")
        self._net.put(story.POLICE, "cybertip-3.json", story.shared_cybertip())
        self._net.put(story.AFFAIRS, "referral-1.json", story.shared_referral())
        self._net.settle()
        notices = self._net.command("alerts", "list", "--agency", story.AFFAIRS, "--notices")["alerts"]
        same = [n for n in notices if n["overlap"] == "same_source_report"]
        say(f"A CyberTip to OCEANZ also reached Internal Affairs. {len(same)} notice: same report, no conflict.")

    def _officers(self) -> None:
        demo_officers.tell(self._net)

    def _bad_input(self) -> None:
        title("Bad input")
        if not (self._net.layout.role(story.POLICE).spool / "refused" / "broken.json").exists():
            self._net.put(story.POLICE, "broken.json", story.broken_document())
            self._net.settle()
        report = self._net.report(story.POLICE, "refused", "broken.json")
        say(f"A broken document is refused and kept beside its report: {report['code']} ({report['message']}).")
        self._net.forge()
        self._net.settle()
        parked = self._net.command("parked", "list")["parked"]
        reasons = sorted({p["reason"] for p in parked})
        say(f"A forged record on NZ Police's topic is parked: {', '.join(reasons)}. It holds up nothing.")

    def _ledger(self) -> None:
        title("The ledger")
        hub = self._net.layout.role(HUB)
        given = ("--key", str(hub.ledger_vkey), "--policy", str(hub.policy))
        report = self._net.command("ledger", "verify", str(hub.ledger), *given)
        say(f"Every record is one leaf. {len(report['checks'])} checks, {report['size']} leaves: {report['outcome']}.")
        note = parse_note((hub.ledger / CHECKPOINT).read_bytes())
        times = {name: cosigned_at(note, key) for name, key in parse_policy(hub.policy.read_text()).witnesses.items()}
        ages = [self._net.clock.now().timestamp() - at for at in times.values() if at is not None]
        names = ", ".join(name for name, at in times.items() if at is not None)
        say(f"{len(ages)} of {len(times)} witnesses have followed its tree and cosigned it: {names}.")
        say(f"The oldest of these cosignatures is {max(ages, default=0):.0f} s old; any two of them are a quorum.")
        say("Whoever runs the hub cannot rewrite it unnoticed without a witness that plays along.")

    def _replay(self) -> None:
        title("The replay, from the ledger's own archive")
        opened = 0
        for row in replayed(self._net.layout.role(HUB).ledger, directory=self._net.installation.directory):
            if row["type"] == "CaseOpened":
                opened += 1
            elif row["type"] not in ("DataAccessed", "DataDisclosed"):
                say(f"{row['index']:>5}  {row['agency']:<20} {row['summary']}")
        say(f"and {opened} cases opened from the backlog load.")
