"""Every stage of every kind, in every format, with what people type at its worst."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.channels.slack import blocks
from bot.core.fit import BLOCKS, SECTION, TEXT
from bot.core.notice_fields import FieldType, Value
from bot.errors import ConfigurationError, NotFoundError
from bot.services.notice_stages import NoticeStage
from bot.services.notice_texts import NoticeTexts, RenderedNotice, content_hash
from bot.settings.notices import ProductSettings
from tests.support.outgoing import HOSTILE, PRODUCT, outgoing

TEXTS = NoticeTexts()
STAGES = [stage for kind in TEXTS.kinds() for stage in TEXTS.stages(kind)]
FREE = (FieldType.TEXT, FieldType.PARAGRAPH)


def values_of(stage: NoticeStage, **changes: str) -> dict[str, Value]:
    filled = TEXTS.read(stage.kind, stage.name, stage.samples | changes, PRODUCT.time_zone, None)
    assert not filled.errors
    return dict(filled.values)


def rendered(stage: NoticeStage, values: dict[str, Value]) -> RenderedNotice:
    return TEXTS.render(stage.kind, stage.name, values, PRODUCT)


def each_stage() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", STAGES, ids=lambda stage: f"{stage.kind}-{stage.name}")


def test_the_kinds_and_stages_of_the_procedures() -> None:
    assert [f"{stage.kind} {stage.name}" for stage in STAGES] == [
        *("emergency investigating", "emergency identified", "emergency monitoring", "emergency resolved"),
        *("maintenance scheduled", "maintenance rescheduled", "maintenance reminder", "maintenance started"),
        *("maintenance extended", "maintenance completed", "maintenance cancelled"),
    ]


@each_stage()
def test_samples_render_in_every_format_within_slacks_limits(stage: NoticeStage) -> None:
    text = rendered(stage, values_of(stage))
    assert "\n" not in text.subject
    assert PRODUCT.name in text.subject
    assert "None" not in text.text + text.slack
    assert "{{" not in text.text + text.html + text.slack
    made = blocks(outgoing(slack=text.slack, subject=text.subject))
    assert len(made) <= BLOCKS
    assert all(0 < len(block["text"]["text"]) <= SECTION for block in made)
    Tags(text.html)


@each_stage()
def test_only_what_is_needed_is_enough(stage: NoticeStage) -> None:
    needed = {field.name: field.sample for field in stage.fields if field.required}
    filled = TEXTS.read(stage.kind, stage.name, needed, "UTC", None)
    text = rendered(stage, dict(filled.values))
    assert "None" not in text.text


@each_stage()
def test_what_is_typed_is_only_text(stage: NoticeStage) -> None:
    worst = {field.name: HOSTILE[: field.limit] for field in stage.fields if field.type in FREE}
    text = rendered(stage, values_of(stage, **worst))
    assert not re.search(r"<[!@#]", text.slack)
    assert "<https://evil" not in text.slack
    assert "49" not in text.text + text.slack + text.html.replace("#1f4e79", "")
    assert "\u202e" not in text.text + text.html + text.slack + text.subject
    assert "\r" not in text.text + text.subject + text.slack
    tags = Tags(text.html)
    assert "script" not in tags.seen
    assert tags.attributes <= {"lang", "charset", "name", "content", "style", "role", "dir", "href"}
    assert set(tags.links) <= {PRODUCT.status_url}


@each_stage()
def test_ten_thousand_characters_fit_slack(stage: NoticeStage) -> None:
    values = values_of(stage)
    for field in stage.fields:
        if field.type in FREE:
            values[field.name] = "<&>" * 3_334
    text = rendered(stage, values)
    assert len(text.subject) <= 140
    made = blocks(outgoing(slack=text.slack))
    assert len(made) <= BLOCKS
    assert sum(len(block["text"]["text"]) for block in made) <= TEXT * 4
    assert all(len(block["text"]["text"]) <= SECTION for block in made)
    for block in made:
        assert not re.search(r"&(?!amp;|lt;|gt;)", block["text"]["text"])


@each_stage()
def test_a_needed_variable_that_is_missing_is_no_silence(stage: NoticeStage) -> None:
    for field in stage.fields:
        if field.required and field.type is not FieldType.CHECKED:
            values = values_of(stage)
            del values[field.name]
            with pytest.raises(ConfigurationError, match=field.name):
                rendered(stage, values)


@pytest.mark.parametrize("name", ["investigating", "identified", "monitoring", "resolved"])
def test_data_is_called_secure_only_where_somebody_checked(name: str) -> None:
    stage = TEXTS.stage("emergency", name)
    for typed, claimed in (("yes", True), ("", False), ("no", False)):
        text = rendered(stage, values_of(stage, data_checked=typed))
        for form in (text.text, text.html, text.slack):
            assert ("secure" in form) is claimed


def test_an_unknown_stage_names_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="investigating, identified, monitoring, resolved"):
        TEXTS.stage("emergency", "scheduled")
    with pytest.raises(NotFoundError, match="emergency, maintenance"):
        TEXTS.stages("party")


def test_the_hash_stands_for_every_format_the_audience_and_the_time() -> None:
    stage = TEXTS.stage("maintenance", "scheduled")
    text = rendered(stage, values_of(stage))
    hashes = {content_hash(text, "customers", "now"), content_hash(text, "customers", "2030")}
    hashes |= {content_hash(text, "others", "now"), content_hash(text, "customersn", "ow")}
    for part in ("subject", "text", "html", "slack"):
        changed = RenderedNotice(**{**vars(text), part: getattr(text, part) + "."})
        hashes.add(content_hash(changed, "customers", "now"))
    assert len(hashes) == 8
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in hashes)


TOML = """
title = "Party"
order = 1
severity = "info"
audience = "all"
status = "investigating"
opens = true
[variables.place]
type = "text"
label = "Place"
sample = "Garage"
"""


def own_kind(folder: Path, **parts: str) -> NoticeTexts:
    stage = folder / "party" / "invited"
    stage.mkdir(parents=True)
    files = {"notice.toml": TOML, "subject.txt": "At {{ place }}", "body.txt": "{{ place }}"}
    files |= {"body.html": "<p>{{ place }}</p>", "slack.txt": "{{ place }}"}
    for name, text in (files | parts).items():
        if text:
            (stage / name).write_text(text, encoding="utf-8")
    return NoticeTexts(folder)


def test_a_folder_more_is_a_kind_more(tmp_path: Path) -> None:
    texts = own_kind(tmp_path)
    assert texts.kinds() == ("emergency", "maintenance", "party")
    text = texts.render("party", "invited", {"place": "<b>Garage & Co"}, PRODUCT)
    assert text.html == "<p>&lt;b&gt;Garage &amp; Co</p>\n"
    assert text.slack == "&lt;b&gt;Garage &amp; Co"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"body.html": ""}, "lacks body.html"),
        ({"notice.toml": TOML + "colour = 1"}, "variables.place.colour"),
        ({"notice.toml": TOML.replace("opens = true", "")}, "opens = true"),
        ({"notice.toml": 'starts_at = "when"\n' + TOML}, "names when"),
        ({"notice.toml": "title ="}, "TOML"),
    ],
)
def test_a_folder_that_is_wrong_is_found_before_an_emergency(
    tmp_path: Path, parts: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        own_kind(tmp_path, **parts).kinds()


@pytest.mark.parametrize(
    "template",
    [
        "{{ plaze }}",
        "{{ place.__class__.__mro__ }}",
        "{{ place | at }}",
        "{% for x in %}",
        "{{ product.nme }}",
    ],
)
def test_a_template_that_is_wrong_says_which(tmp_path: Path, template: str) -> None:
    texts = own_kind(tmp_path, **{"body.txt": template})
    with pytest.raises(ConfigurationError, match=r"party/invited/body\.txt"):
        texts.render("party", "invited", {"place": "x"}, PRODUCT)


def test_a_product_cannot_smuggle_a_header_or_a_link() -> None:
    for wrong in ({"name": "x\nBcc: y"}, {"status_url": "javascript:alert(1)"}, {"color": "red;x:y"}):
        with pytest.raises(ValueError, match="pattern"):
            ProductSettings.model_validate({"name": "FleetNest"} | wrong)


class Tags(HTMLParser):
    """Which tags, attributes and links a page has; and whether each tag that opens is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str | None] = []
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in ("br", "meta"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
