"""Signs in to Resonite's API with resonitepy, and opens its hub with pysignalr.

    resonite_py.py SERVER REDIRECT_URI

Reads one JSON object from standard input, {"username", "email", "id", "password", "code"}, and writes what came of each step; `code` is
of somebody with a second factor. Between the lines it waits for one, whatever that says. The redirect URI is not used.
"""

import asyncio
import json
import sys

import pysignalr.client
import resonitepy.client
import resonitepy.hub_manager
from resonitepy.classes import LoginDetails, LoginDetailsAuth
from resonitepy.client import Client
from resonitepy.exceptions import InvalidCredentials, InvalidToken
from resonitepy.hub_manager import HubManager


def tell(facts):
    print(json.dumps(facts), flush=True)


def refusal(call, *arguments):
    try:
        call(*arguments)
        return "nothing"
    except (InvalidCredentials, InvalidToken) as error:
        return type(error).__name__


def login(told, **name):
    client = Client()
    client.login(LoginDetails(authentication=LoginDetailsAuth(password=told["password"]), **name))
    return client


def closed(client):
    return refusal(client.request, "get", "/hub")


async def hub_of(client):
    hub = HubManager(client)
    await hub.connect()
    return hub


async def until(condition):
    while not condition():
        await asyncio.sleep(0.05)


async def signalr(server, client):
    """Connects by way of the negotiation, and waits for the end."""
    hub = pysignalr.client.SignalRClient(server + "/hub", headers=client.headers, retry_count=1)
    opened, closed = asyncio.Event(), asyncio.Event()

    async def on_open():
        opened.set()

    async def on_close():
        # It is told of the end before the beginning as well.
        if opened.is_set():
            closed.set()

    hub.on_open(on_open)
    hub.on_close(on_close)
    running = asyncio.ensure_future(hub.run())
    await asyncio.wait_for(opened.wait(), 10)
    tell({"pysignalr": "open"})
    sys.stdin.readline()
    await asyncio.to_thread(client.logout)
    # Either it tells, or it gives up, since nobody is let in again.
    told = asyncio.ensure_future(closed.wait())
    done, _ = await asyncio.wait({running, told}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
    if not done:
        raise TimeoutError("pysignalr goes on after the end of its session")
    for task in (running, told):
        task.cancel()
    tell({"pysignalr": "closed"})


async def main(server, _redirect_uri):
    resonitepy.client.API_URL = server
    resonitepy.hub_manager.HUB_URL = server.replace("http", "ws", 1) + "/hub"
    told = json.loads(sys.stdin.readline())
    by_name = login(told, username=told["username"])
    by_address = login(told, email=told["email"], rememberMe="true")
    by_id = login(told, ownerId=told["id"])
    wrong = {**told, "password": "wrong"}
    extended = by_name.request("patch", "/userSessions")
    tell({
        "ids": [client.userId for client in (by_name, by_address, by_id)],
        "remembered_longer": by_address.expire > by_name.expire,
        "hashes": all([by_name.secretMachineIdHash, by_name.secretMachineIdSalt]),
        "extended": extended,
        "wrong": refusal(lambda: login(wrong, username=told["username"])),
    })
    hub = await hub_of(by_name)
    tell({"hub": hub.connected})
    sys.stdin.readline()
    # Another session of the same account ends it.
    await asyncio.to_thread(by_id.request, "delete", f"/userSessions/{by_name.userId}/{by_name.token}")
    await asyncio.wait_for(until(lambda: not hub.connected), 10)
    tell({"hub": hub.connected, "after": refusal(by_name.request, "patch", "/userSessions", None, None, None, True)})
    await signalr(server, by_address)
    by_id.logout()
    # A code of a second factor goes into a header of its own.
    second = {"password": told["other"]["password"]}
    lacks = refusal(lambda: login(second, username=told["other"]["username"]))
    client = Client()
    client.session.headers["TOTP"] = told["other"]["code"]
    proof = LoginDetailsAuth(password=second["password"])
    client.login(LoginDetails(authentication=proof, username=told["other"]["username"]))
    tell({"lacks": lacks, "with_code": client.userId})
    client.logout()


asyncio.run(main(*sys.argv[1:]))
