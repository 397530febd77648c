"""The person's side: what somebody at a keyboard can do in the sandbox workspace.

Every call is a POST with a JSON object under /sandbox/, with the person's token, or from the page with its
cookie and Origin. `tab` names the page's tab, where it is one. Answers are JSON:
`{"ok": true, …}`, or `{"ok": false, "error": a sentence}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import SandboxError
from bot.sandbox.page.session import comes_from_page
from bot.sandbox.slack import interactions, submissions
from bot.sandbox.slack.arguments import Arguments, read
from bot.sandbox.slack.faults import Fault, FaultKind
from bot.sandbox.slack.guard import token_matches
from bot.sandbox.slack.passes import Screen
from bot.sandbox.slack.people import CHANNELS, PEOPLE, Channel, Person, find_channel, find_person
from bot.sandbox.slack.press import find_element, pressed
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.typed import as_sent

Result = dict[str, Any]
# Longer than the name that the page gives to a tab.
_TAB = 64


def _person(args: Arguments) -> Person:
    found = find_person(args.text("as"))
    if found is None:
        names = ", ".join(one.name for one in PEOPLE.values() if not one.is_bot)
        raise SandboxError(f"Nobody here is called {args.text('as')!r}.", next_step=f"Be one of: {names}.")
    return found


def _tab(args: Arguments) -> str:
    """Which tab of the page this comes from; "" for a command line."""
    return args.text("tab")[:_TAB]


def _channel(args: Arguments) -> Channel:
    found = find_channel(args.text("channel") or "database-operations")
    if found is None:
        names = ", ".join(f"#{one.name}" for one in CHANNELS.values() if one.name)
        raise SandboxError(
            f"There is no channel {args.text('channel')!r}.", next_step=f"Use one of: {names}."
        )
    return found


async def say(sandbox: Sandbox, args: Arguments) -> Result:
    """Type something: a slash command when it begins with '/', a message otherwise."""
    person, channel, text = _person(args), _channel(args), args.text("text")
    if person.id not in channel.members:
        raise SandboxError(f"{person.name} is not in #{channel.name or channel.id}.")
    if text.startswith("/"):
        return {"slack_says": await interactions.slash(sandbox, person, channel, text, _tab(args))}
    message = {"user": person.id, "text": as_sent(text, label=False)}
    if args.text("thread_ts"):
        message["thread_ts"] = args.text("thread_ts")
    return {"ts": sandbox.workspace.post(channel.id, message)["ts"]}


async def messages(sandbox: Sandbox, args: Arguments) -> Result:
    """Everything in a channel after `since` (a ts); ephemeral messages of `as`, or all without `as`."""
    channel, since = _channel(args), args.text("since")
    reader = _person(args).id if args.text("as") else None
    seen = [
        one
        for one in sandbox.workspace.all(channel.id)
        if reader is None or one.get("ephemeral_to", reader) == reader
    ]
    return {"channel": channel.id, "messages": [one for one in seen if one["ts"] > since]}


async def click(sandbox: Sandbox, args: Arguments) -> Result:
    """Press an element of a message (`ts`), or of the modal or Home tab on the screen."""
    person, action_id, block_id = _person(args), args.text("action_id"), args.text("block_id")
    ts, value = args.text("ts"), args.decoded("value")
    channel = _channel(args)
    surface = (
        _visible(sandbox, person, channel, ts) if ts else submissions.on_screen(sandbox, person, _tab(args))
    )
    block, element = find_element(surface.get("blocks", []), action_id, block_id)
    if element.get("confirm") and not args.flag("confirmed"):
        return {"confirm": element["confirm"], "problem": "needs confirmation"}
    if own := sandbox.own_buttons.get(action_id):
        await own(person, channel, _tab(args))
        return {"problem": None}
    action = pressed(block, element, value)
    if ts:
        answer = await interactions.click(sandbox, person, channel, ts, action, tab=_tab(args))
    else:
        answer = await interactions.click_in_view(sandbox, person, surface, action, _tab(args))
    return {"problem": answer.problem}


def _visible(sandbox: Sandbox, person: Person, channel: Channel, ts: str) -> dict[str, Any]:
    message = sandbox.workspace.get(channel.id, ts)
    if (
        message is None
        or person.id not in channel.members
        or message.get("ephemeral_to", person.id) != person.id
    ):
        raise SandboxError(f"{person.name} sees no message {ts} there.")
    return message


async def submit(sandbox: Sandbox, args: Arguments) -> Result:
    """Submit the modal on the screen with `values` by action id."""
    values = args.decoded("values") or {}
    return await submissions.submit(sandbox, _person(args), values, _tab(args))


async def close(sandbox: Sandbox, args: Arguments) -> Result:
    """Close the modal on the screen."""
    return await submissions.close(sandbox, _person(args), _tab(args))


async def view(sandbox: Sandbox, args: Arguments) -> Result:
    """The modal that this person sees, or null."""
    return {"view": sandbox.modals.top(Screen(_person(args).id, _tab(args)))}


async def home(sandbox: Sandbox, args: Arguments) -> Result:
    """The Home tab that was published for this person; `open` also tells the app of the visit."""
    person = _person(args)
    if args.flag("open"):
        interactions.home_opened(sandbox, person)
    return {"view": sandbox.workspace.homes.get(person.id)}


async def faults(sandbox: Sandbox, args: Arguments) -> Result:
    """Switch faults: `clear`, `double_events`, or `kind` with `methods`, `times`, `seconds`, `code`."""
    if args.flag("clear"):
        sandbox.faults.clear()
    if args.flag("double_events"):
        sandbox.faults.deliver_twice()
    kind = args.text("kind")
    if kind and kind not in set(FaultKind):
        raise SandboxError(f"There is no fault {kind!r}.", next_step=f"Use one of: {', '.join(FaultKind)}.")
    if kind:
        times = args.number("times", 0) or None
        methods = tuple(args.decoded("methods") or ())
        seconds = float(args.values.get("seconds") or 1.0)
        code = args.text("code") or "internal_error"
        sandbox.faults.add(Fault(FaultKind(kind), methods, times, seconds, code))
    return {}


async def link(sandbox: Sandbox, _args: Arguments) -> Result:
    """A link that opens the page in a browser, once."""
    return {"link": f"{sandbox.base_url}/open/{sandbox.links.issue()}"}


async def refresh(sandbox: Sandbox, _args: Arguments) -> Result:
    """Make Slack ask every Socket Mode connection to come again."""
    await sandbox.sockets.refresh()
    return {}


async def status(sandbox: Sandbox, _args: Arguments) -> Result:
    """How many Socket Mode connections are open."""
    return {"connections": sandbox.sockets.connected}


_ACTIONS: dict[str, Callable[[Sandbox, Arguments], Awaitable[Result]]] = {
    "say": say,
    "messages": messages,
    "click": click,
    "submit": submit,
    "close": close,
    "view": view,
    "home": home,
    "faults": faults,
    "link": link,
    "refresh": refresh,
    "status": status,
}


async def call(sandbox: Sandbox, request: Request) -> Response:
    """Answer one call of the person's side."""
    token = sandbox.credentials.person_token
    known = token_matches(request.headers.get("authorization", ""), token)
    if not known and not comes_from_page(request, sandbox.base_url, token):
        return JSONResponse({"ok": False, "error": "The token is not this sandbox's."}, 401)
    # A form from a foreign page cannot be JSON without asking first; the Origin is checked as well.
    if not request.headers.get("content-type", "").startswith("application/json"):
        return JSONResponse({"ok": False, "error": "Send JSON."}, 415)
    action = _ACTIONS.get(request.path_params["action"])
    if action is None:
        return JSONResponse({"ok": False, "error": "There is no such action."}, 404)
    try:
        return JSONResponse({"ok": True, **await action(sandbox, await read(request))})
    except SandboxError as error:
        return JSONResponse({"ok": False, "error": error.sentence, "next_step": error.next_step})
