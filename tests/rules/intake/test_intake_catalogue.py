"""The catalogue's files: what is shipped, and that a wrong line stops the start with its place."""

from pathlib import Path

import orjson
import pytest

from services.intake.catalogue import CatalogueError, load, terms_of
from services.intake.config import DEFAULT, Settings
from shared.events.limits import LimitTerms

SHIPPED = [
    "general-licence", "joint-approval", "parallel-consent", "correction-notice", "licence-delivery", "licence-renewal",
    "business-licence", "entertainment-venue", "water-abstraction", "fire-check", "safe-production", "printing-permit",
    "project-filing", "planning-verification", "information-disclosure", "petition", "reconsideration", "hotline-12345",
    "efficiency-complaint", "bad-rating", "unpaid-sme-complaint", "deputies-proposal", "deputies-proposal-complex",
    "inspection", "directive", "commitment", "first-contact-transfer", "rectification",
]  # fmt: skip


def write(directory: Path, text: str, name: str = "own.yaml") -> Path:
    file = directory / name
    file.write_text(text)
    return file


def test_shipped_catalogue_has_every_item_with_names_limits_and_sources() -> None:
    items = load([DEFAULT], calendar="CN").items
    assert sorted(items) == sorted(SHIPPED)
    for item in items.values():
        assert set(item.names) == {"en", "zh"}
        assert (item.zone, item.calendar) == ("Asia/Shanghai", "CN")
        for version in item.versions:
            assert version.limits or version.recorded.required
            for limit in version.limits:
                assert limit.source == "not verified" or " Art. " in limit.source
                assert (limit.roll == "next") == (
                    limit.amount is not None and limit.amount[-1] in "dm" and "wd" not in limit.amount
                )


def test_every_shipped_limit_may_stand_in_an_event() -> None:
    for item in load([DEFAULT], calendar="CN").items.values():
        for version in item.versions:
            for limit in version.limits:
                LimitTerms.model_validate_json(orjson.dumps(terms_of(limit)))


def test_short_form_has_one_version_for_ever(tmp_path: Path) -> None:
    text = "items: [{code: foia, zone: America/New_York, calendar: US-federal, limits: [{amount: 20wd}]}]"
    item = load([write(tmp_path, text)], calendar="CN").items["foia"]
    (version,) = item.versions
    (limit,) = version.limits
    assert version.effective_from.isoformat() == "1900-01-01"
    assert (limit.clock, limit.source, limit.zone, limit.calendar) == (
        "handling", "not verified", "America/New_York", "US-federal",
    )  # fmt: skip
    assert limit.starts_on == ("matter.registered",)
    assert limit.stops_on == ("matter.decided", "matter.closed", "matter.refused")
    assert item.names == {"en": "foia"}


def test_version_name_follows_from_the_content(tmp_path: Path) -> None:
    text = "items: [{code: foia, zone: Etc/UTC, calendar: US, limits: [{amount: 20wd}]}]"
    names = {
        load([write(tmp_path, each)], calendar="CN").items["foia"].versions[0].name
        for each in (text, text + "\n# a comment", text.replace("20wd", "21wd"))
    }
    assert len(names) == 2


def test_later_files_add_items_and_never_replace_one(tmp_path: Path) -> None:
    more = write(tmp_path, "items: [{code: own, zone: Asia/Shanghai, calendar: CN, limits: [{amount: 3wd}]}]")
    assert set(load([DEFAULT, more], calendar="CN").items) == {*SHIPPED, "own"}
    twice = write(tmp_path, "items: [{code: petition, zone: Asia/Shanghai, calendar: CN}]", "twice.yaml")
    with pytest.raises(CatalogueError) as error:
        load([DEFAULT, twice], calendar="CN")
    assert str(error.value) == f"item petition is both in {DEFAULT} and in {twice}"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("limits: [{amount: 20}]", "item x: limits/0/amount"),
        ("limits: [{amount: 0wd}]", "item x: limits/0/amount"),
        ("limits: [{clock: a}]", "item x: limits/0/amount"),
        ("limits: [{amount: 20wd, colour: red}]", "item x: limits/0/colour"),
        ("limits: [{amount: 20wd, warnings: [soon]}]", "item x: limits/0/warnings/0"),
        (
            "limits: [{amount: 20wd, starts_on: [matter.lost]}]",
            "starts_on/0: Value error, is not a fact",
        ),
        ("limits: [{amount: 20wd, stops_on: []}]", "item x: limits/0/stops_on"),
        ("limits: [{amount: 20wd, zone: Mars/Olympus}]", "item x: limits/0/zone"),
        ("limits: [{amount: 20wd, day_ends: late}]", "item x: limits/0/day_ends"),
        ("limits: [{amount: 20wd}, {amount: 30wd}]", "item x: Value error, needs a clock name of its own"),
        ("limits: [{clock: recorded, amount: 20wd}]", "item x: Value error, needs a clock name of its own"),
        ("versions: []", "item x: versions"),
        ("versions: [{effective_from: soon}]", "item x: versions/0/effective_from"),
        ("versions: [{effective_from: 2024-01-01}, {effective_from: 2024-01-01}]", "two versions from the same day"),
        ("versions: [{effective_from: 2024-01-01}], limits: [{amount: 20wd}]", "item x: Value error, has `versions`"),
        ("code: y", "stands twice"),
        ("extension: 10wd", "item x: extension"),
        ("name: {zh: 许可}", "item x: name/en"),
    ],
)
def test_wrong_line_is_named_with_file_item_and_field(tmp_path: Path, item: str, message: str) -> None:
    file = write(tmp_path, f"items: [{{code: x, zone: Etc/UTC, calendar: CN, {item}}}]")
    with pytest.raises(CatalogueError) as error:
        load([file], calendar="CN")
    assert str(file) in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("items: [{code: x, calendar: CN}]", "item x: zone: neither"),
        ("items: [{code: x, zone: Etc/UTC}]", "item x: calendar: neither"),
        ("items: [", "while parsing"),
        ("[]", "the file"),
        ("", "the file"),
        ("items: 3", "items"),
        ("items: [3]", "item number 1"),
        ("items: [{code: 17}]", "item 17: zone"),
    ],
)
def test_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(CatalogueError) as error:
        load([file], calendar="CN")
    assert str(file) in str(error.value)
    assert message in str(error.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nowhere\.yaml"):
        load([tmp_path / "nowhere.yaml"], calendar="CN")


@pytest.mark.parametrize("separator", [",", ":"])
def test_files_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, separator: str) -> None:
    for name, value in (("KAFKA", "k:1"), ("POSTGRES", "p"), ("INTAKE_CATALOGUES", f"/a.yaml{separator}/b.yaml")):
        monkeypatch.setenv(f"DUBAN_{name}", value)
    assert Settings().catalogues == (Path("/a.yaml"), Path("/b.yaml"))
    monkeypatch.delenv("DUBAN_INTAKE_CATALOGUES")
    assert Settings().catalogues == (DEFAULT,)


def test_a_limit_that_says_no_more_than_before_is_stamped_as_before(tmp_path: Path) -> None:
    text = "items: [{code: foia, zone: America/New_York, calendar: US-federal, limits: [{amount: 20wd}]}]"
    (limit,) = load([write(tmp_path, text)], calendar="CN").items["foia"].versions[0].limits
    assert list(terms_of(limit)) == [
        "clock", "amount", "start_rule", "roll", "zone", "calendar", "starts_on", "stops_on", "warnings", "source",
    ]  # fmt: skip


def test_a_file_warns_for_its_limits_that_say_nothing_of_warnings(tmp_path: Path) -> None:
    text = """
zone: Asia/Shanghai
calendar: CN
warnings: [25%, 1wd]
overdue: [5wd]
items:
  - code: x
    recorded: {overdue: []}
    limits: [{clock: a, amount: 20wd}, {clock: b, amount: 1wd, warnings: []}, {clock: c, amount: 9wd, overdue: [9wd]}]
"""
    version = load([write(tmp_path, text)], calendar="CN").items["x"].versions[0]
    assert [(limit.warnings, limit.overdue) for limit in version.limits] == [
        (("25%", "1wd"), ("5wd",)), ((), ("5wd",)), (("25%", "1wd"), ("9wd",)),
    ]  # fmt: skip
    assert (version.recorded.warnings, version.recorded.overdue) == (("25%", "1wd"), None)


def test_everything_a_limit_may_say_is_stamped(tmp_path: Path) -> None:
    text = """
zone: Asia/Shanghai
calendar: CN
grounds: {soil-survey: {en: Soil survey}}
items:
  - code: all
    limits:
      - clock: notice
        amount: 5wd
        on_expiry: {outcome: accepted, legal_basis: Art. 32}
      - clock: stage
        amount: 3wd
        per: stage
        stage: review
        kind: promised
        cut_off: "17:00"
        choose: earlier
        second: {amount: 5d, roll: next}
        starts_on: ["deemed:notice", matter.accepted]
        restarts_on: [correction.received]
        pauses: [hearing, {ground: soil-survey, longest: 30wd, then: close, times: 1}]
        extension: {most: 10wd, approver: true}
        overdue: [5wd]
"""
    limit = load([write(tmp_path, text)], calendar="CN").items["all"].versions[0].limits[1]
    terms = LimitTerms.model_validate_json(orjson.dumps(terms_of(limit)))
    assert terms.model_dump(mode="json", exclude_none=True) == {
        "clock": "stage", "amount": "3wd", "start_rule": "day0", "roll": "none", "zone": "Asia/Shanghai",
        "calendar": "CN", "starts_on": ["deemed:notice", "matter.accepted"],
        "stops_on": ["stage.finished"], "warnings": [], "source": "not verified",
        "kind": "promised", "per": "stage", "stage": "review", "cut_off": "17:00:00", "choose": "earlier",
        "second": {"amount": "5d", "start_rule": "day0", "roll": "next"},
        "pauses": [
            {"ground": "hearing", "then": "alarm"},
            {"ground": "soil-survey", "longest": "30wd", "then": "close", "times": 1},
        ],
        "extension": {
            "most": "10wd", "times": 1, "base": "nominal", "after_expiry": "refused", "approver": True, "reason": False,
        },
        "restarts_on": ["correction.received"], "overdue": ["5wd"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("per", "starts", "stops"),
    [("stage", "stage.started", "stage.finished"), ("task", "task.assigned", "task.finished")],
)
def test_a_limit_for_each_part_runs_from_its_start_to_its_end(
    tmp_path: Path, per: str, starts: str, stops: str
) -> None:
    text = f"items: [{{code: a, zone: Asia/Shanghai, calendar: CN, limits: [{{amount: 3wd, per: {per}}}]}}]"
    (limit,) = load([write(tmp_path, text)], calendar="CN").items["a"].versions[0].limits
    assert (limit.starts_on, limit.stops_on) == ((starts,), (stops,))
    own = text.replace("per:", "stops_on: [matter.closed], per:")
    (limit,) = load([write(tmp_path, own)], calendar="CN").items["a"].versions[0].limits
    assert (limit.starts_on, limit.stops_on) == ((starts,), ("matter.closed",))


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (
            "[{clock: a, amount: 5wd, starts_on: ['ended:b']}, {clock: b, amount: 5wd, starts_on: ['ended:a']}]",
            "itself",
        ),
        ("[{amount: 5wd, pauses: [lunch]}]", "clock handling: pauses on lunch, which is no ground"),
        ("[{amount: 5wd, stops_on: [source.watermark]}]", "is not a fact on matter-events"),
        ("[{clock: 'task:7', amount: 5wd}]", "needs a clock name of its own"),
        ("[{amount: 5wd, choose: later}]", "`choose` and `second` come together"),
        ("[{amount: 5wd, on_expiry: {outcome: consent}}]", "on_expiry/legal_basis"),
    ],
)
def test_limits_that_cannot_hold_stop_the_start_with_their_place(tmp_path: Path, limits: str, reason: str) -> None:
    text = f"items: [{{code: foia, zone: America/New_York, calendar: US-federal, limits: {limits}}}]"
    with pytest.raises(CatalogueError, match="item foia") as refusal:
        load([write(tmp_path, text)], calendar="CN")
    assert reason in str(refusal.value)


EXTENSIONS = {
    "general-licence": "10wd", "joint-approval": "15wd", "business-licence": "3wd", "information-disclosure": "20wd",
    "petition": "30d", "reconsideration": "30d", "hotline-12345": "5wd", "efficiency-complaint": "30wd",
    "unpaid-sme-complaint": "60d",
}  # fmt: skip
"""What domain.md §5 writes behind the plus."""
SILENCE = {
    "parallel-consent": "consent", "correction-notice": "accepted", "printing-permit": "consent",
    "project-filing": "consent", "planning-verification": "consent", "licence-renewal": "renewed",
}  # fmt: skip
"""Its column of what is deemed."""


def test_the_shipped_extensions_and_what_silence_means_are_those_of_the_domain() -> None:
    items = load([DEFAULT], calendar="CN").items
    last = {code: item.versions[-1] for code, item in items.items()}
    extended = {
        code: limit.extension.most for code, version in last.items() for limit in version.limits if limit.extension
    }
    assert extended == EXTENSIONS
    deemed = {
        code: limit.on_expiry.outcome for code, version in last.items() for limit in version.limits if limit.on_expiry
    }
    deemed |= {code: version.recorded.on_expiry.outcome for code, version in last.items() if version.recorded.on_expiry}
    assert deemed == SILENCE


def test_a_licence_stands_still_on_each_of_r9s_grounds_and_begins_again_when_complete() -> None:
    (limit,) = load([DEFAULT], calendar="CN").items["general-licence"].versions[-1].limits
    assert {pause.ground for pause in limit.pauses or ()} == {
        "hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert-review",
        "correction",
    }  # fmt: skip
    assert limit.restarts_on == ("correction.received",)
    assert limit.extension is not None
    assert (limit.extension.times, limit.extension.after_expiry) == (1, "refused")
    assert limit.extension.approver and limit.extension.reason
