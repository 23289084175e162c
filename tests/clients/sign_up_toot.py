"""Signs somebody up with toot's library, and waits until the address is confirmed. The lines are those of `sign_up_py.py`.

    sign_up_toot.py SERVER

toot registers with its own name and the address of apps that have none.
"""

import json
import sys

from toot import App, User, api
from toot.exceptions import ApiError


def tell(**facts):
    print(json.dumps(facts), flush=True)


def refusal(call, *arguments):
    """What toot would show of a refused call."""
    try:
        call(*arguments)
        return "nothing"
    except ApiError as error:
        return str(error)


def main(server, _redirect_uri):
    made = api.create_app(server)
    app = App(server.partition("://")[2], server, made["client_id"], made["client_secret"])
    form = (app, "ada", "ada@example.com", "a calm evening", "en", True)
    token = api.register_account(*form)["access_token"]
    user = User(app.instance, "ada", token)
    tell(token=bool(token), waiting=refusal(api.verify_credentials, app, user))
    sys.stdin.readline()

    tell(account=api.verify_credentials(app, user).json())
    tell(taken=refusal(api.register_account, *form))


if __name__ == "__main__":
    main(*sys.argv[1:])
