from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.durations import Keep
from bot.errors import ConfigurationError
from bot.settings import load_configuration, parse_configuration, read_environment


def raw(**database: Any) -> dict[str, Any]:
    return {
        "storage": {"url": "file:///var/lib/sparewheel"},
        "databases": {"cruzonic": {"url_env": "CRUZONIC_DATABASE_URL", **database}},
    }


def refusal(source: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(source, "sparewheel.toml")
    assert caught.value.sentence.startswith("sparewheel.toml: ")
    return caught.value.sentence


def test_the_smallest_configuration() -> None:
    configuration = parse_configuration(raw(), "sparewheel.toml")
    assert configuration.databases["cruzonic"].platform == "plain"
    assert configuration.storage.root == "sparewheel"


def test_an_unknown_key_gets_a_suggestion() -> None:
    assert "Unknown key databases.cruzonic.critcal. Did you mean 'critical'?" in refusal(raw(critcal=["a"]))


def test_an_unknown_key_deep_inside_gets_a_suggestion() -> None:
    source = raw(schedules={"weekly": {"kind": "full", "cron": "0 2 * * sun", "kep": "6 months"}})
    assert "Did you mean 'keep'?" in refusal(source)


def test_an_unknown_section_gets_a_suggestion() -> None:
    assert "Did you mean 'contacts'?" in refusal(raw() | {"contact": []})


def test_a_weekday_as_a_number_is_refused_with_the_reason() -> None:
    sentence = refusal(raw(schedules={"weekly": {"kind": "full", "cron": "0 2 * * 0"}}))
    assert "weekday as a name" in sentence
    assert "databases.cruzonic.schedules.weekly.cron" in sentence


@pytest.mark.parametrize("proves", [{"kind": "full", "then": "restore-test"}, {"kind": "restore-test"}])
def test_a_schedule_that_proves_needs_a_staging_server(proves: dict[str, str]) -> None:
    schedules = {"weekly": {"cron": "0 2 * * sun", **proves}}
    assert "'weekly' proves backups, which needs staging_url_env" in refusal(raw(schedules=schedules))
    parse_configuration(raw(schedules=schedules, staging_url_env="STAGING"), "sparewheel.toml")


@pytest.mark.parametrize("again", ["eld_events", "public.eld_events"])
def test_a_table_in_two_tiers_is_refused(again: str) -> None:
    sentence = refusal(raw(critical=["eld_events"], important=[again]))
    assert "eld_events" in sentence
    assert "critical" in sentence
    assert "important" in sentence


def test_a_missing_key_is_named() -> None:
    assert "storage is missing" in refusal({"databases": {}})


@pytest.mark.parametrize("url", ["http://example.com", "s3://", "s3://UPPER", "/var/lib", "file://relative"])
def test_a_storage_address_of_another_shape_is_refused(url: str) -> None:
    assert "s3://BUCKET or file:///FOLDER" in refusal({"storage": {"url": url}})


@pytest.mark.parametrize("name", ["Cruzonic", "../etc", "a" * 41, "", "1st"])
def test_a_database_name_that_could_hurt_a_key_is_refused(name: str) -> None:
    source = {"storage": {"url": "file:///x"}, "databases": {name: {"url_env": "X"}}}
    assert "cannot be a name here" in refusal(source)


def test_an_unknown_time_zone_is_refused() -> None:
    assert "is no time zone" in refusal(raw(time_zone="Mars/Olympus"))


def test_an_unknown_role_is_refused() -> None:
    assert "roles" in refusal(raw() | {"roles": {"emperor": ["U1"]}})


def test_spans_are_read_as_people_write_them() -> None:
    source = raw(rpo="24h", schedules={"d": {"kind": "full", "cron": "0 2 * * sun", "keep": "6 months"}})
    database = parse_configuration(source, "x").databases["cruzonic"]
    assert database.rpo == 86400
    assert database.schedules["d"].keep == Keep(months=6)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no configuration file"):
        load_configuration(tmp_path / "none.toml")


def test_broken_toml_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sparewheel.toml"
    path.write_text("[storage\n")
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load_configuration(path)


def test_empty_variables_count_as_unset() -> None:
    environment = read_environment({"SLACK_BOT_TOKEN": "", "PORT": "8080"})
    assert environment.slack_bot_token is None
    assert environment.port == 8080


def test_a_port_that_is_no_number_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="PORT"):
        read_environment({"PORT": "eighty"})


def test_secrets_of_the_environment_do_not_show() -> None:
    environment = read_environment(
        {"SLACK_BOT_TOKEN": "xoxb-secret", "SPAREWHEEL_DATABASE_URL": "postgresql://u:hunter2@h/d"}
    )
    assert "xoxb-secret" not in repr(environment)
    assert "hunter2" not in repr(environment)


@pytest.mark.parametrize("written", ["@omar", "omar", "U0omar", "C0OPS", "<@U0OMAR>", ""])
def test_a_role_that_is_given_to_a_name_says_what_to_write(written: str) -> None:
    sentence = refusal(raw() | {"roles": {"operator": [written]}})
    assert "roles.operator" in sentence
    assert "member id" in sentence


def test_roles_go_to_people_and_groups() -> None:
    source = raw() | {"roles": {"operator": ["U0OMAR", "W0OLGA"], "viewer": ["S0VIEWERS"]}}
    assert len(parse_configuration(source, "x").roles) == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://127.0.0.1:4444", "http://127.0.0.1:4444/api/"),
        ("http://127.0.0.1:4444/", "http://127.0.0.1:4444/api/"),
        ("http://127.0.0.1:4444/api", "http://127.0.0.1:4444/api/"),
        ("https://proxy.example/slack/api/", "https://proxy.example/slack/api/"),
    ],
)
def test_slacks_address_is_completed(written: str, meant: str) -> None:
    assert read_environment({"SLACK_API_URL": written}).slack_api_url == meant


@pytest.mark.parametrize(
    "written", ["127.0.0.1:4444", "slack.com/api/", "https://slack.com/methods", "ftp://x/api/"]
)
def test_slacks_address_of_another_shape_is_a_sentence(written: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_environment({"SLACK_API_URL": written})
    assert "SLACK_API_URL is wrong: write the base address" in caught.value.sentence


def test_a_person_may_have_several_accounts_and_the_old_form_still_counts() -> None:
    people = [{"slack": "U0OMAR", "command_line": "omar"}, {"slack": ["U0ANN", "W0ANN2"]}]
    configuration = parse_configuration(raw() | {"people": people}, "sparewheel.toml")
    assert [each.slack_ids for each in configuration.people] == [("U0OMAR",), ("U0ANN", "W0ANN2")]


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([{"slack": "U0A"}, {"slack": ["U0B", "U0A"]}], "'U0A' stands under [[people]] twice"),
        (
            [{"slack": "U0A", "command_line": "omar"}, {"slack": "U0B", "command_line": "omar"}],
            "'omar' stands under",
        ),
        ([{"slack": "S0GROUP"}], "'S0GROUP' is no person's Slack id"),
    ],
)
def test_an_account_is_one_persons_and_never_a_groups(people: list[dict[str, Any]], words: str) -> None:
    assert words in refusal(raw() | {"people": people})


@pytest.mark.parametrize(
    "approvals", [{"needed": 0}, {"expires": "10s"}, {"expires": "30d"}, {"break_glas": True}]
)
def test_approvals_are_never_none_nor_forever(approvals: dict[str, Any]) -> None:
    assert "approvals." in refusal(raw() | {"approvals": approvals})
    assert not parse_configuration(raw(), "x").approvals.break_glass
