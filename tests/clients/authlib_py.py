"""Signs in with Authlib, which knows nothing of Mastodon: whatever it does, the server's metadata told it.

    authlib_py.py SERVER REDIRECT_URI

The lines are those of `mastodon_py.py`, and before the account's

    -> {"id_token": CLAIMS, "userinfo": {...}, "refreshed": bool}
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import BaseApp, FrameworkIntegration, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_metadata_url
from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.discovery import get_well_known_url as openid_metadata_url

SCOPE = "openid profile"

class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """Authlib's client, bound to no web framework."""

    client_cls = OAuth2Session


def tell(**facts):
    print(json.dumps(facts), flush=True)


def complaints(metadata):
    """All that Authlib finds wrong with a metadata document, line by line."""
    found = []
    for line in metadata.REGISTRY_KEYS:
        try:
            getattr(metadata, f"validate_{line}")()
        except ValueError as error:
            found.append(str(error))
    return found


def discover(issuer):
    """Both metadata documents, each judged by Authlib."""
    openid_url = openid_metadata_url(issuer, external=True)
    for url, kind, expected in [
        (oauth_metadata_url(issuer, external=True), AuthorizationServerMetadata, []),
        (openid_url, OpenIDProviderMetadata, []),
    ]:
        metadata = requests.get(url).json()
        assert metadata["issuer"] == issuer, metadata["issuer"]
        assert complaints(kind(metadata)) == expected, complaints(kind(metadata))
    return openid_url, metadata


def register(metadata, redirect_uri):
    wish = {
        "client_name": "Story with Authlib",
        "redirect_uris": [redirect_uri],
        "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    answer = requests.post(metadata["registration_endpoint"], json=wish)
    assert answer.status_code == 201, answer.text
    assert answer.json()["id_token_signed_response_alg"] == "RS256", "the standard's default"
    return answer.json()


def refused(call):
    """What the token endpoint calls the refusal of a call."""
    try:
        call()
    except OAuthError as error:
        return error.error
    raise AssertionError("not refused")


def sign_in(app, redirect_uri, issuer):
    """Sends the person away and redeems the code that they bring back; asks for a nonce and PKCE by itself."""
    request = app.create_authorization_url(redirect_uri)
    assert "code_challenge_method=S256" in request["url"], request["url"]
    tell(authorize=request["url"])
    callback = json.loads(sys.stdin.readline())["callback"]
    assert parse_qs(urlsplit(callback).query)["iss"] == [issuer], callback

    redemption = {"authorization_response": callback, "state": request["state"]}
    wrong = {**redemption, "code_verifier": generate_token(48)}
    assert refused(lambda: app.fetch_access_token(redirect_uri, **wrong)) == "invalid_grant"
    token = app.fetch_access_token(redirect_uri, code_verifier=request["code_verifier"], **redemption)
    return token, app.parse_id_token(token, nonce=request["nonce"])


def main(server, redirect_uri):
    issuer = f"{server}/"
    metadata_url, metadata = discover(issuer)
    client = register(metadata, redirect_uri)
    app = App(
        FrameworkIntegration("story"),
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        server_metadata_url=metadata_url,
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )
    token, claims = sign_in(app, redirect_uri, issuer)
    info = app.userinfo(token=token)

    session = OAuth2Session(client["client_id"], client["client_secret"], scope=SCOPE, token=token)
    fresh = session.refresh_token(metadata["token_endpoint"])
    renewed = all(fresh[name] != token[name] for name in ("access_token", "refresh_token"))
    tell(id_token=claims, userinfo=info, refreshed=renewed and fresh["expires_in"] > 0)

    introspect = lambda: session.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"]).json()
    found = introspect()
    assert found["active"] and found["scope"] == SCOPE and found["client_id"] == client["client_id"], found
    account = session.get(f"{server}/api/v1/accounts/verify_credentials").json()
    tell(app=session.get(f"{server}/api/v1/apps/verify_credentials").json()["name"], account=account)

    # Giving back the refresh token ends what it bought as well.
    answer = session.revoke_token(metadata["revocation_endpoint"], fresh["refresh_token"], "refresh_token")
    assert answer.status_code == 200, answer.text
    assert introspect() == {"active": False}
    ended = {"Authorization": f"Bearer {fresh['access_token']}"}
    last = requests.get(f"{server}/api/v1/accounts/verify_credentials", headers=ended)
    tell(after_revocation=f"{last.status_code} {last.text}")
    assert refused(lambda: session.refresh_token(metadata["token_endpoint"])) == "invalid_grant"


if __name__ == "__main__":
    main(*sys.argv[1:])
