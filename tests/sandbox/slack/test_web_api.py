from __future__ import annotations

import http.client
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from bot.errors import SandboxError
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options, Rates
from bot.sandbox.slack.server import SlackServer

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return str(caught.value.response["error"])


def test_the_bot_knows_itself(web: WebClient) -> None:
    assert web.auth_test()["user_id"] == "U0BOT"


def test_tokens_are_looked_at(slack: SlackServer) -> None:
    assert refused(WebClient(base_url=slack.api_url).auth_test) == "not_authed"
    assert refused(WebClient("xoxb-wrong", base_url=slack.api_url).auth_test) == "invalid_auth"
    app_token = WebClient(slack.credentials.app_token, base_url=slack.api_url)
    assert refused(app_token.auth_test) == "not_allowed_token_type"


def test_a_token_in_the_address_is_refused(slack: SlackServer, web: WebClient) -> None:
    address = f"{slack.api_url}auth.test?token={web.token}"
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - the sandbox on loopback
        assert json.load(answer) == {"ok": False, "error": "invalid_auth"}
    assert WebClient(base_url=slack.api_url).auth_test(token=web.token)["ok"]  # sent in the body


def test_post_update_and_history_with_metadata(web: WebClient) -> None:
    metadata = {"event_type": "backup", "event_payload": {"id": "a1"}}
    posted = web.chat_postMessage(channel="C0OPS", text="one", blocks=[SECTION], metadata=metadata)
    web.chat_update(channel="C0OPS", ts=posted["ts"], text="two")
    message = web.conversations_history(channel="C0OPS", include_all_metadata=True)["messages"][0]
    assert (message["text"], message["blocks"], message["metadata"]) == ("two", [], metadata)
    assert "metadata" not in web.conversations_history(channel="C0OPS")["messages"][0]


def test_threads_stay_out_of_history(web: WebClient) -> None:
    parent = web.chat_postMessage(channel="C0OPS", text="parent")["ts"]
    web.chat_postMessage(channel="C0OPS", text="reply", thread_ts=parent)
    assert [m["text"] for m in web.conversations_history(channel="C0OPS")["messages"]] == ["parent"]
    replies = web.conversations_replies(channel="C0OPS", ts=parent)["messages"]
    assert [m["text"] for m in replies] == ["parent", "reply"]
    assert replies[0]["reply_count"] == 1


def test_history_comes_in_pages(web: WebClient) -> None:
    for number in range(5):
        web.chat_postMessage(channel="C0OPS", text=str(number))
    first = web.conversations_history(channel="C0OPS", limit=2)
    rest = web.conversations_history(channel="C0OPS", cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in first["messages"] + rest["messages"]] == ["4", "3", "2", "1", "0"]
    newer = web.conversations_history(channel="C0OPS", oldest=rest["messages"][0]["ts"])["messages"]
    assert [m["text"] for m in newer] == ["4", "3"]


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat_postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat_postMessage", {"channel": "C0OPS", "text": "x" * 40_001}, "msg_too_long"),
        ("chat_postMessage", {"channel": "C0OPS", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("chat_postMessage", {"channel": "C0OPS", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        (
            "chat_postMessage",
            {"channel": "C0OPS", "text": "x", "metadata": {"a": 1}},
            "invalid_metadata_format",
        ),
        ("chat_update", {"channel": "C0OPS", "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("chat_postEphemeral", {"channel": "C0OPS", "user": "U0NOBODY", "text": "x"}, "user_not_found"),
        ("chat_postEphemeral", {"channel": "C0ALERTS", "user": "U0CARL", "text": "x"}, "user_not_in_channel"),
        ("chat_getPermalink", {"channel": "C0OPS", "message_ts": "1.000001"}, "message_not_found"),
        ("conversations_history", {"channel": "C0GENERAL"}, "not_in_channel"),
        ("conversations_info", {"channel": "D0OMAR"}, "missing_scope"),
        ("conversations_open", {"users": "U0NOBODY"}, "user_not_found"),
        ("users_info", {"user": "U0NOBODY"}, "user_not_found"),
        ("usergroups_users_list", {"usergroup": "S0NOBODY"}, "no_such_subteam"),
        ("views_publish", {"user_id": "U0NOBODY", "view": {}}, "user_not_found"),
        ("views_publish", {"user_id": "U0OMAR", "view": {"type": "modal"}}, "invalid_arguments"),
        ("reactions_list", {}, "unknown_method"),
    ],
)
def test_refused_with_slacks_code(web: WebClient, method: str, arguments: dict[str, Any], error: str) -> None:
    assert refused(getattr(web, method), **arguments) == error


def test_a_message_needs_text_or_blocks(web: WebClient) -> None:
    # Past the SDK's own warning about a missing text.
    assert refused(web.api_call, "chat.postMessage", json={"channel": "C0OPS"}) == "no_text"


def test_invalid_blocks_say_where(web: WebClient) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="C0OPS", text="x", blocks=[header])
    answer = caught.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert web.conversations_history(channel="C0OPS")["messages"] == []


def test_only_its_own_messages_can_be_updated(web: WebClient, people: SandboxClient) -> None:
    people.say("omar", "mine")
    ts = people.messages()[-1]["ts"]
    assert refused(web.chat_update, channel="C0OPS", ts=ts, text="x") == "cant_update_message"


def test_an_update_takes_less_text_than_a_post(web: WebClient) -> None:
    ts = web.chat_postMessage(channel="C0OPS", text="x" * 40_000)["ts"]
    assert refused(web.chat_update, channel="C0OPS", ts=ts, text="x" * 4001) == "msg_too_long"


def test_people_groups_and_channels(web: WebClient) -> None:
    groups = web.usergroups_list(include_users=True)["usergroups"]
    assert {g["id"]: g["users"] for g in groups}["S0OPERATORS"] == ["U0OMAR", "U0OLGA"]
    assert web.usergroups_users_list(usergroup="S0APPROVERS")["users"] == ["U0APRIL", "U0ANDRE"]
    assert [c["id"] for c in web.conversations_list()["channels"]] == [
        "C0OPS",
        "C0ALERTS",
        "C0CUSTOMERS",
        "C0GENERAL",
    ]
    assert web.conversations_info(channel="C0OPS")["channel"]["name"] == "database-operations"
    assert "U0CARL" not in web.conversations_members(channel="C0ALERTS")["members"]
    assert web.users_info(user="U0OLGA")["user"]["tz"] == "Europe/Berlin"
    assert len(web.users_list()["members"]) == 8


def test_a_direct_message_reaches_its_person(web: WebClient, people: SandboxClient) -> None:
    channel = web.conversations_open(users="U0VERA")["channel"]["id"]
    web.chat_postMessage(channel=channel, text="one")
    web.chat_postMessage(channel="U0VERA", text="two")
    assert [m["text"] for m in people.messages(channel)] == ["one", "two"]


def test_ephemeral_is_for_one_person_only(web: WebClient, people: SandboxClient) -> None:
    web.chat_postEphemeral(channel="C0OPS", user="U0CARL", text="no")
    assert [m["text"] for m in people.messages(name="carl")] == ["no"]
    assert people.messages(name="vera") == []
    assert web.conversations_history(channel="C0OPS")["messages"] == []


def test_permalink(web: WebClient) -> None:
    ts = web.chat_postMessage(channel="C0OPS", text="x")["ts"]
    link = web.chat_getPermalink(channel="C0OPS", message_ts=ts)["permalink"]
    assert link == f"https://sandbox.slack.com/archives/C0OPS/p{ts.replace('.', '')}"


def test_files_upload_v2(web: WebClient, slack: SlackServer, people: SandboxClient) -> None:
    answer = web.files_upload_v2(
        channel="C0OPS", content="hello", filename="a.txt", title="A", initial_comment="see"
    )
    file = people.messages()[-1]["files"][0]
    assert (file["title"], file["size"]) == ("A", 5)
    assert (slack.sandbox.folder / "files" / answer["file"]["id"]).read_bytes() == b"hello"
    assert refused(web.files_upload_v2, channel="C0NOWHERE", content="x") == "channel_not_found"


def test_the_twenty_first_post_at_once_waits(web: WebClient, clock: Any) -> None:
    for number in range(20):
        web.chat_postMessage(channel="C0OPS", text=str(number))
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="C0OPS", text="one too many")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    web.chat_postMessage(channel="C0ALERTS", text="another channel is another matter")
    clock.now += 1
    web.chat_postMessage(channel="C0OPS", text="later")


def test_slack_sdk_honours_retry_after(tmp_path: Path) -> None:
    rates = Rates(post_burst=1, post_per_second=2.0)
    with SlackServer(tmp_path, options=Options(rates=rates)) as server:
        web = WebClient(server.credentials.bot_token, base_url=server.api_url)
        web.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
        for number in range(2):
            web.chat_postMessage(channel="C0OPS", text=str(number))
        assert len(web.conversations_history(channel="C0OPS")["messages"]) == 2


def test_faults_can_be_switched_on(slack: SlackServer, people: SandboxClient) -> None:
    web = WebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
    people.fault("500", methods=("auth.test",), times=1)
    with pytest.raises(SlackApiError) as caught:
        web.auth_test()
    assert caught.value.response.status_code == 500
    web.auth_test()
    people.fault("429", times=1, seconds=7)
    with pytest.raises(SlackApiError) as caught:
        web.auth_test()
    assert caught.value.response.headers["Retry-After"] == "7"
    people.fault("drop")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        web.auth_test()
    people.clear_faults()
    people.fault("slow", seconds=0.01)
    web.auth_test()


@pytest.mark.parametrize("kind", ["drop-after", "500-after"])
def test_a_lost_answer_is_of_a_call_that_was_done(
    kind: str, slack: SlackServer, people: SandboxClient
) -> None:
    web = WebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
    people.fault(kind, methods=("chat.postMessage",), times=1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, SlackApiError)):
        web.chat_postMessage(channel="C0OPS", text="once")
    assert [m["text"] for m in people.messages()] == ["once"]


def test_it_refuses_with_the_code_it_is_told(web: WebClient, people: SandboxClient) -> None:
    people.fault("refused", methods=("chat.update",), code="edit_window_closed")
    assert refused(web.chat_update, channel="C0OPS", ts="1.000001", text="x") == "edit_window_closed"


def test_the_sdks_retry_handlers_get_over_faults(slack: SlackServer, people: SandboxClient) -> None:
    handlers = [ConnectionErrorRetryHandler(), ServerErrorRetryHandler(), RateLimitErrorRetryHandler()]
    web = WebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=handlers)
    for kind in ("drop", "500", "429"):
        people.fault(kind, times=1)
        web.auth_test()


def test_an_unknown_fault_is_a_sentence(people: SandboxClient) -> None:
    with pytest.raises(SandboxError, match="no fault 'gremlin'"):
        people.fault("gremlin")


def test_a_restart_keeps_messages(tmp_path: Path) -> None:
    texts = []
    for number in range(2):
        with SlackServer(tmp_path) as server:
            web = WebClient(server.credentials.bot_token, base_url=server.api_url)
            web.chat_postMessage(channel="C0OPS", text=str(number))
            texts.append([m["text"] for m in web.conversations_history(channel="C0OPS")["messages"]])
    assert texts == [["0"], ["1", "0"]]
