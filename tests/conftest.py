"""What every test may ask for: the infrastructure, an empty database, the handout; and an honest last line.

DUBAN_TEST_PROVIDER chooses where Kafka and Postgres come from (``embedded`` unless set); ``external`` takes
DUBAN_KAFKA and DUBAN_POSTGRES. Nothing is started unless a test asks for it.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from services.cli.providers import Infrastructure, provide
from tests.support.databases import Databases, created
from tests.support.made_events import Checking

PROVIDER = os.environ.get("DUBAN_TEST_PROVIDER", "embedded")
ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"

hypothesis.settings.register_profile("duban", deadline=None)  # how long an example takes is the machine's affair
hypothesis.settings.load_profile("duban")

not_run: list[tuple[str, str]] = []
provided: list[str] = []


@pytest.fixture(autouse=True)
def made_events(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a service appends in this process is held to its model."""
    checking = Checking()
    monkeypatch.setattr("shared.outbox.append", checking.append)
    yield
    assert checking.found == []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on-the-broker", action="store_true", help="Only tests that ask for Kafka.")


TAKES_LONG = ("faults", "acceptance", "stories", "county", "cli")
"""Directories whose tests wait for processes. They begin first, beside the many short ones; at the end they would have
nobody to wait beside."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which tests, in which order, and what goes to one worker as a whole: a file, for what its tests share; and all of
    tests/faults, for its Apache Kafka."""
    if config.option.on_the_broker:
        items[:] = [item for item in items if "infrastructure" in getattr(item, "fixturenames", ())]
    places = {item: item.path.relative_to(ROOT / "tests") for item in items}
    order = {name: n for n, name in enumerate(TAKES_LONG)}
    items.sort(key=lambda item: order.get(places[item].parts[0], len(order)))
    for item, place in places.items():
        item.add_marker(pytest.mark.xdist_group("faults" if place.parts[0] == "faults" else str(place)))


@pytest.fixture(scope="session")
async def both() -> AsyncIterator[Infrastructure]:
    """A Kafka and a Postgres for the whole session; tests ask for one of the next two."""
    kafka, postgres = os.environ.get("DUBAN_KAFKA"), os.environ.get("DUBAN_POSTGRES")
    async with provide(PROVIDER, kafka=kafka, postgres=postgres, durable=False) as running:
        provided.append(running.name)
        yield running


@pytest.fixture(scope="session")
def infrastructure(both: Infrastructure) -> Infrastructure:
    """Kafka and Postgres. Tests keep apart by names of their own in both."""
    return both


@pytest.fixture(scope="session")
def postgres_dsn(both: Infrastructure) -> str:
    """The DSN of the server, for those that no Kafka takes part in."""
    return both.postgres


@pytest.fixture(scope="session")
def databases(postgres_dsn: str) -> Databases:
    """Databases with the services' schemas, each lent to one test after another."""
    return Databases(postgres_dsn)


@pytest.fixture
async def empty_database(postgres_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty database that is this test's alone."""
    async with created(postgres_dsn) as dsn:
        yield dsn


@pytest.fixture
def database(empty_database: str) -> str:
    """The DSN of a database that is this test's alone. Tests of a service have that service's schema in it."""
    return empty_database


@pytest.fixture(scope="module")
def enterable() -> Iterator[Path]:
    """A directory that other users may enter: Postgres runs as nobody where we are root. Not one of pytest's: any other
    session of this user makes those private again."""
    with tempfile.TemporaryDirectory(prefix="duban-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="session")
def handout() -> Path:
    """The handout with the real logs and the vectors: beside the repository, or where DUBAN_HANDOUT says."""
    path = Path(os.environ.get("DUBAN_HANDOUT", ROOT.parent / "shared"))
    if (path / "data").is_dir():
        return path
    if IN_CI:
        pytest.fail(f"the handout is not at {path}: CI runs with it, or it proves too little")
    pytest.skip(f"the handout is not at {path} (DUBAN_HANDOUT)")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what did not run, for the last lines; where tests run in workers, this is told to their controller."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
        not_run.append((report.nodeid.partition("@")[0], str(reason).removeprefix("Skipped: ")))


def pytest_deselected(items: list[pytest.Item]) -> None:
    not_run.extend((item.nodeid, "deselected on the command line") for item in items)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells its controller where Kafka and Postgres came from."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told["provided"] = list(provided)


class Controller:
    """What only the controller of workers is asked; pytest-xdist knows the hook."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        provided.extend(node.workeroutput.get("provided", ()) if hasattr(node, "workeroutput") else ())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Controller())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The very last lines: after pytest's own count, which comes after every terminal summary."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or config.option.collectonly or hasattr(config, "workeroutput"):
        return
    where = ", ".join(dict.fromkeys(provided))
    ran = f"ran on {where}" if provided else f"not needed by these tests (would be {PROVIDER})"
    terminal.write_line(f"provider: {ran}")
    if config.option.on_the_broker:
        terminal.write_line("only tests that ask for Kafka: the others are the same on any provider")
    terminal.write_line(f"not run: {len(not_run) or 'nothing'}")
    for name, reason in not_run:
        terminal.write_line(f"  {name}: {reason}")
