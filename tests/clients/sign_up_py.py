"""Signs somebody up with Mastodon.py, and waits until the address is confirmed, as any app does.

    sign_up_py.py SERVER REDIRECT_URI

Writes one JSON object a line on standard output and reads one line from standard input:

    -> {"token": true, "waiting": TEXT}    the account has a token; what it opens so far
    <- {}                                  the address is confirmed
    -> {"account": {...}}                  who the person is
    -> {"taken": TEXT}                     what is wrong with the same form once more
"""

import json
import sys

from mastodon import Mastodon, MastodonAPIError, MastodonIllegalArgumentError


def tell(**facts):
    print(json.dumps(facts, default=str), flush=True)


def main(server, redirect_uri):
    scopes = ["read", "write"]
    client_id, client_secret = Mastodon.create_app(
        "Story of a sign-up", scopes=scopes, redirect_uris=redirect_uri, api_base_url=server
    )
    mastodon = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=server)
    form = {"password": "a calm evening", "email": "ada@example.com", "agreement": True, "scopes": scopes}
    token = mastodon.create_account("ada", **form)
    try:
        mastodon.account_verify_credentials()
        waiting = "nothing"
    except MastodonAPIError as error:
        waiting = str(error)
    tell(token=bool(token), waiting=waiting)
    sys.stdin.readline()

    tell(account=mastodon.account_verify_credentials())
    other = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=server)
    try:
        other.create_account("ada", **form)
        tell(taken="nothing")
    except MastodonIllegalArgumentError as error:
        tell(taken=str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
