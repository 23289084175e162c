"""Signs in with Mastodon.py, from registration to revocation, as any program written with it does.

    mastodon_py.py SERVER REDIRECT_URI

Writes one JSON object a line on standard output and reads one line from standard input:

    -> {"authorize": URL}                 where a person has to go
    <- {"code": ..., "state": ...}        what the person brought back
    -> {"app": NAME, "account": {...}}    who the person is
    -> {"after_revocation": TEXT}         what the server says to the same token after it was revoked
"""

import json
import secrets
import sys

from mastodon import Mastodon, MastodonUnauthorizedError

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
NAME = "Story in Python"


def tell(**facts):
    print(json.dumps(facts, default=str), flush=True)


def main(server, redirect_uri):
    # Out of band, everything is left at its default, `state=None` included, as the library's own examples have it.
    out_of_band = redirect_uri == OUT_OF_BAND
    scopes = ["read", "write", "follow", "push"] if out_of_band else ["read:accounts", "profile"]
    state = None if out_of_band else secrets.token_urlsafe()

    client_id, client_secret = Mastodon.create_app(
        NAME, scopes=scopes, redirect_uris=redirect_uri, api_base_url=server
    )
    mastodon = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=server)
    # The library wants to be told that a server on this machine has no certificate.
    plain = {"allow_http": True} if server.startswith("http://localhost:") else {}
    tell(authorize=mastodon.auth_request_url(redirect_uris=redirect_uri, scopes=scopes, state=state, **plain))

    answer = json.loads(sys.stdin.readline())
    if state is not None:
        assert answer["state"] == state, "the answer belongs to another request"
    token = mastodon.log_in(code=answer["code"], redirect_uri=redirect_uri, scopes=scopes, **plain)

    account = mastodon.account_verify_credentials()
    # The library asks for user information over TLS alone.
    if "profile" in scopes and not plain:
        user = mastodon.oauth_userinfo()
        assert user["preferred_username"] == account["username"], user
    tell(app=mastodon.app_verify_credentials()["name"], account=account)

    mastodon.revoke_access_token(**plain)
    try:
        Mastodon(access_token=token, api_base_url=server).account_verify_credentials()
        tell(after_revocation="still welcome")
    except MastodonUnauthorizedError as error:
        tell(after_revocation=str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
