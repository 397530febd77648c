from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.app import House
from bot.core.backup import State
from bot.core.people import Role
from bot.errors import ConfigurationError, SlackError
from bot.ledger import audit
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.slack.buttons import CANCEL, PROVE, STOP_TEST
from bot.slack.client import identify, quick_client
from bot.slack.deliver import Deliverer
from bot.slack.edge import Edge, open_edge
from bot.slack.incoming import delivery_key, unescape
from bot.slack.patience import until_reached
from bot.slack.socket import SocketMode
from bot.wiring.doors import doors_of
from tests.ledger.support import stored
from tests.slack.conftest import wait_for

Waiting = Callable[[], list[OutboxMessage]]


def answers(people: SandboxClient, name: str) -> list[dict[str, Any]]:
    """What the bot has shown to this person alone."""
    seen = people.messages(name=name)
    return [one for one in seen if one.get("ephemeral_to") and one.get("user") == "U0BOT"]


def answer(people: SandboxClient, name: str, text: str) -> str:
    """Type something and read what only this person sees."""
    before = len(answers(people, name))
    assert people.say(name, text) is None
    wait_for(lambda: len(answers(people, name)) > before)
    return str(answers(people, name)[-1]["text"])


@pytest.mark.usefixtures("socket")
def test_a_backup_is_asked_for_and_its_message_waits_in_the_outbox(
    people: SandboxClient, waiting: Waiting
) -> None:
    text = answer(people, "omar", "/backup CRUZONIC now full")
    assert "Asked for: full backup of `cruzonic`" in text
    (message,) = waiting()
    assert (message.topic, message.stage, message.channel) == ("backup", "opened", "C0OPS")
    assert message.subject in text


@pytest.mark.usefixtures("socket")
def test_not_knowing_who_somebody_is_means_no_and_is_not_told_as_having_no_role(
    people: SandboxClient, house: House, edge: Edge
) -> None:
    edge.directory._roles = {Role.OPERATOR: ("S0OPERATORS",)}
    people.fault("500", methods=("usergroups.users.list",))
    text = answer(people, "omar", "/backup now full cruzonic")
    assert "Slack does not say right now which role you have" in text
    assert "Ask an administrator" not in text
    with borrowed(house.pool) as connection:
        assert audit.recent(connection)[0].action == "access.refused"


@pytest.mark.usefixtures("socket")
def test_somebody_without_a_role_is_refused_politely_and_noted(
    people: SandboxClient, house: House, waiting: Waiting
) -> None:
    text = answer(people, "carl", "/backup now full cruzonic")
    assert "You have no role here yet" in text
    assert all(one["ephemeral_to"] == "U0CARL" for one in people.messages())
    assert waiting() == []
    with borrowed(house.pool) as connection:
        assert [event.actor for event in audit.recent(connection)] == ["U0CARL"]


@pytest.mark.usefixtures("socket")
def test_a_viewer_may_look_and_not_back_up(people: SandboxClient, waiting: Waiting) -> None:
    assert "no backup yet" in answer(people, "vera", "/backup")
    assert "/backup now" not in answer(people, "vera", "/backup help")
    refused = answer(people, "vera", "/backup now full cruzonic")
    assert "Ask an administrator" in refused
    assert waiting() == []


@pytest.mark.usefixtures("socket")
def test_a_typo_gets_a_suggestion_and_nothing_happens(people: SandboxClient, waiting: Waiting) -> None:
    assert "Did you mean `/backup now critical cruzonic`?" in answer(
        people, "omar", "/backup now critcal cruzonic"
    )
    assert "cruzonic and fleetnest" in answer(people, "omar", "/backup now")
    assert waiting() == []


@pytest.mark.usefixtures("socket")
def test_an_argument_cannot_ping(people: SandboxClient) -> None:
    for typed in ("<!channel>", "<@U0ADA> @channel", "now table \"<!here>\" '<!everyone>' cruzonic"):
        assert "<!" not in answer(people, "omar", f"/backup {typed}")


@pytest.mark.usefixtures("socket")
def test_ledger_down_is_said_clearly(people: SandboxClient, house: House) -> None:
    house.pool.close()
    assert "own database cannot be reached" in answer(people, "omar", "/backup now full cruzonic")


def test_a_doubled_delivery_is_answered_once(edge: Edge, house: House, waiting: Waiting) -> None:
    def deliver() -> int:
        body = {
            "command": "/backup",
            "text": "now full cruzonic",
            "team_id": "T0SANDBOX",
            "user_id": "U0OMAR",
            "channel_id": "C0OPS",
            "trigger_id": "1.2.abc",
        }
        status: int = edge.app.dispatch(BoltRequest(mode="socket_mode", body=body)).status
        return status

    assert [deliver(), deliver(), deliver()] == [200, 200, 200]
    edge.app.listener_runner.listener_executor.shutdown(wait=True)
    assert len(waiting()) == 1
    assert house.pool


def test_a_token_that_slack_does_not_take_is_named(slack: SlackServer, house: House) -> None:
    with pytest.raises(ConfigurationError, match="bot token"):
        identify(quick_client("xoxb-wrong", slack.api_url))
    edge = open_edge(house.environment, house.configuration, house.pool, doors_of(house))
    connection = SocketMode(edge.app, "xapp-wrong", slack.api_url)
    with pytest.raises(ConfigurationError, match="app token") as caught:
        connection.connect()
    connection.close()
    assert "xapp-wrong" not in str(caught.value)


def test_slack_away_is_said() -> None:
    with pytest.raises(SlackError):
        identify(quick_client("xoxb-any", "http://127.0.0.1:1/api/"))


def test_closing_lets_go_of_the_connection(socket: SocketMode, people: SandboxClient) -> None:
    assert socket.connected
    socket.close()
    wait_for(lambda: people.connections() == 0)


def test_entities_and_keys() -> None:
    assert unescape("&lt;a&gt; &amp;lt;") == "<a> &lt;"
    assert delivery_key({"trigger_id": "1.2"}) == delivery_key({"trigger_id": "1.2", "is_retry": True})
    assert delivery_key({"a": 1}) != delivery_key({"a": 2})


@pytest.mark.usefixtures("socket")
def test_buttons_do_what_typing_would_and_look_at_roles_afresh(
    people: SandboxClient, deliverer: Deliverer, waiting: Waiting, house: House
) -> None:
    answer(people, "omar", "/backup now full cruzonic")
    (opened,) = waiting()
    deliverer.deliver(opened.id)
    ts = next(one["ts"] for one in people.messages() if not one.get("ephemeral_to"))
    # The question comes first, then the role: Vera sees the button as everybody does.
    assert people.click("vera", CANCEL, ts=ts)["problem"] == "needs confirmation"
    for name, words in (("vera", "Ask an administrator"), ("olga", "no role"), ("omar", "had not begun")):
        before = len(answers(people, name))
        assert people.click(name, CANCEL, ts=ts, confirmed=True)["problem"] is None
        wait_for(lambda name=name, before=before: len(answers(people, name)) > before)
        assert words in answers(people, name)[-1]["text"]
    assert house.backups.message(opened.subject).record.state is State.CANCELLED


def test_a_restore_test_is_asked_for_and_stopped_by_typing(
    house: House, socket: SocketMode, people: SandboxClient, waiting: Callable[[], list[OutboxMessage]]
) -> None:
    del socket
    with borrowed(house.pool) as connection:
        backup = stored(connection)
    assert not people.say("omar", "/restore-test Latest CRUZONIC")
    wait_for(lambda: answers(people, "omar"))
    said = answers(people, "omar")[-1]["text"]
    assert "will be restored on staging and compared" in said
    assert backup.id in said
    assert "the newest stored full backup" in said
    assert [(message.topic, message.channel) for message in waiting()] == [("restore-test", "C0OPS")]
    assert not people.say("omar", "/restore-test cancel")
    wait_for(lambda: len(answers(people, "omar")) > 1)
    assert "had not begun" in answers(people, "omar")[-1]["text"]


@pytest.mark.parametrize("action", [CANCEL, PROVE, STOP_TEST])
def test_a_button_with_another_value_than_an_id_does_nothing(
    edge: Edge, people: SandboxClient, action: str
) -> None:
    body = {
        "type": "block_actions",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0OMAR", "team_id": "T0SANDBOX"},
        "channel": {"id": "C0OPS"},
        "trigger_id": "1.2.button",
        "actions": [{"action_id": action, "block_id": "b", "type": "button", "value": "now full cruzonic"}],
    }
    edge.app.dispatch(BoltRequest(mode="socket_mode", body=body))
    wait_for(lambda: answers(people, "omar"))
    assert "means nothing here" in answers(people, "omar")[-1]["text"]


def test_a_socket_waits_until_slack_can_be_reached(
    slack: SlackServer, edge: Edge, people: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.socket._LOOK_SECONDS", 0.1)
    monkeypatch.setattr("bot.slack.socket.until_reached", partial(until_reached, pause=0.05))
    people.fault("drop", methods=("apps.connections.open",), times=1)
    line = SocketMode(edge.app, slack.credentials.app_token, slack.api_url)
    line._handler.client.web_client.retry_handlers = []
    stop, connected = threading.Event(), threading.Event()
    thread = threading.Thread(target=line.run, args=(stop, connected.set))
    thread.start()
    try:
        wait_for(lambda: connected.is_set() or not thread.is_alive())
        assert connected.is_set()
    finally:
        stop.set()
        thread.join()
