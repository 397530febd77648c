"""Slack's Web API: the two clients the product uses, and its refusals in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from socket import gaierror
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler

from bot.errors import ConfigurationError, SlackError

# Codes as docs.slack.dev lists them under each method.
MESSAGE_GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})
NOT_EDITABLE = frozenset({"edit_window_closed", "is_inactive", "block_mismatch"})
CHANNEL_CLOSED = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "cannot_reply_to_message",
        "user_not_found",
        "messages_tab_disabled",
    }
)
HOPELESS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_too_long",
        "no_text",
        "invalid_arguments",
        "metadata_too_large",
    }
)
_BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
# Questions, and edits that say the same again.
_HARMLESS_TWICE = frozenset({"auth.test", "chat.update", "usergroups.users.list"})
_QUICK_SECONDS = 5
_PATIENT_SECONDS = 20


@dataclass(frozen=True)
class Identity:
    """Who the bot is in Slack. `team` is the workspace's id."""

    team: str
    user: str
    bot_id: str
    workspace: str


def patient_client(token: str, api_url: str) -> WebClient:
    """For messages that matter: waits out rate limits, and leaves every other repeat to its caller.

    After a server or connection error nobody knows whether the call was done: whoever posts has to look
    before it posts again, which the SDK's own handlers do not.
    """
    client = WebClient(token=token, base_url=api_url, timeout=_PATIENT_SECONDS)
    client.retry_handlers = [RateLimitErrorRetryHandler(max_retry_count=2)]
    return client


def quick_client(token: str, api_url: str) -> WebClient:
    """For what somebody waits for and for progress: one careful retry of a lost connection, no sleeping."""
    client = WebClient(token=token, base_url=api_url, timeout=_QUICK_SECONDS)
    client.retry_handlers = [CarefulRetryHandler(max_retry_count=1)]
    return client


class CarefulRetryHandler(ConnectionErrorRetryHandler):
    """Repeats what does no harm twice; everything else only where nothing can have reached Slack.

    A message whose answer was lost may be there: nobody could tell the second one from the first.
    """

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        lost = super()._can_retry(state=state, request=request, response=response, error=error)
        method = urlsplit(request.url).path.rpartition("/")[2]
        return lost and (method in _HARMLESS_TWICE or was_never_sent(error))


def was_never_sent(error: BaseException | None) -> bool:
    """Whether a call failed before a byte of it went out: no such host, or nobody listens there."""
    return isinstance(error, URLError) and isinstance(error.reason, ConnectionRefusedError | gaierror)


def identify(client: WebClient) -> Identity:
    """Ask Slack whose token this is, once, at start.

    Raises:
        ConfigurationError: Slack does not take the token.
        SlackError: Slack could not be asked.
    """
    try:
        answer: Any = client.auth_test()
    except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
        if code_of(error) in _BAD_TOKEN:
            raise ConfigurationError(
                f"Slack does not take the bot token ({code_of(error)}).",
                next_step="Put the token that begins with xoxb- into SLACK_BOT_TOKEN and start again.",
            ) from None
        if not isinstance(error, SlackApiError) or code_of(error).startswith("http_"):
            raise unreached(client.base_url, error) from None
        raise explain(error) from None
    return Identity(
        team=str(answer["team_id"]),
        user=str(answer["user_id"]),
        bot_id=str(answer.get("bot_id") or ""),
        workspace=str(answer.get("team") or ""),
    )


def unreached(base_url: str, error: BaseException) -> SlackError:
    """Nothing that speaks as Slack does answered at the address."""
    parts = urlsplit(base_url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    step = "Look whether this machine reaches that address."
    if address != WebClient.BASE_URL:
        step += " It is the value of SLACK_API_URL; unset it for Slack's own."
    code = code_of(error)
    return SlackError(f"Slack cannot be reached at {address} ({code}).", next_step=step, cause=code)


def code_of(error: BaseException) -> str:
    """Slack's own code of a refusal, or the kind of failure where Slack did not answer in its way."""
    if isinstance(error, SlackApiError):
        response: Any = error.response
        code = response.get("error") if hasattr(response, "get") else None
        if code and " " in str(code):  # the sdk's own sentence, with what it read, where that is not JSON
            return "http_no_json"
        return str(code) if code else f"http_{getattr(response, 'status_code', 'error')}"
    return type(error).__name__


def retry_after(error: BaseException) -> float | None:
    """Seconds that Slack asks to wait for, or None."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, value in headers.items():
        text = value[0] if isinstance(value, list) else value
        if name.lower() == "retry-after" and str(text).isdigit():
            return float(text)
    return None


def explain(error: BaseException) -> SlackError:
    """Any failure to talk to Slack as an error of ours; the code alone, never what was sent."""
    code = code_of(error)
    if code in _BAD_TOKEN:
        step = "Put a valid token into SLACK_BOT_TOKEN and restart the bot."
    elif code in CHANNEL_CLOSED:
        step = "Invite the bot into the channel, or set `[slack] operations_channel` in the configuration."
    elif code == "missing_scope":
        step = "Install the app again with the scopes of manifest.json."
    else:
        step = "Look at Slack's status page; the bot tries again by itself."
    return SlackError(f"Slack did not take it ({code}).", next_step=step, cause=code)
