"""Goes through a whole session with Authlib, by the server's metadata alone: sign-in, silent sign-in, what is too weak or too old,
sign-out at the server, and being told of it.

    openid_session_py.py SERVER REDIRECT_URI

The lines are those of `openid_session_js.mjs`.
"""

import json
import sys
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

SCOPE = "openid profile"
LOA_1 = "urn:lysand-auth:loa:1"


def tell(**facts):
    print(json.dumps(facts), flush=True)


def hear(name):
    return json.loads(sys.stdin.readline())[name]


class Client:
    """An app that knows the server by its document alone."""

    def __init__(self, server, redirect_uri, near):
        self.metadata = requests.get(f"{server}/.well-known/openid-configuration").json()
        self.redirect_uri = redirect_uri
        self.signed_out = urljoin(redirect_uri, "/signed-out")
        wish = {
            "client_name": "Story of a session with Authlib",
            "redirect_uris": [redirect_uri, f"{near}/cb"],
            "post_logout_redirect_uris": [self.signed_out],
            "backchannel_logout_uri": f"{near}/told",
            "scope": SCOPE,
            "token_endpoint_auth_method": "client_secret_post",
        }
        answer = requests.post(self.metadata["registration_endpoint"], json=wish)
        assert answer.status_code == 201, answer.text
        self.id, self.secret = answer.json()["client_id"], answer.json()["client_secret"]
        self.keys = KeySet.import_key_set(requests.get(self.metadata["jwks_uri"]).json())

    def goes(self, pages, **more):
        """Sends the person away, and answers with the request and where they came back."""
        session = OAuth2Session(
            self.id, self.secret, scope=SCOPE, redirect_uri=self.redirect_uri, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",
        )
        verifier, nonce = generate_token(48), generate_token(20)
        url, state = session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
        )
        tell(authorize=url, pages=pages)
        return session, hear("callback"), {"state": state, "code_verifier": verifier}, nonce

    def sign_in(self, pages, **more):
        """The id token of a sign-in, and what it claims, judged by Authlib."""
        session, callback, secrets, nonce = self.goes(pages, **more)
        token = session.fetch_token(self.metadata["token_endpoint"], authorization_response=callback, **secrets)
        decoded = jwt.decode(token["id_token"], self.keys, algorithms=["RS256"])
        options = {"iss": {"value": self.metadata["issuer"]}, "aud": {"value": self.id}}
        params = {"nonce": nonce, "client_id": self.id, "max_age": more.get("max_age"), "access_token": token["access_token"]}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=5)
        return token["id_token"], claims

    def silent_error(self, **more):
        """What the server answers to a request that may show nothing."""
        _, callback, secrets, _ = self.goes(False, prompt="none", **more)
        answer = parse_qs(urlsplit(callback).query)
        assert answer["state"] == [secrets["state"]] and answer["iss"] == [self.metadata["issuer"]], callback
        return answer["error"][0]


def main(server, redirect_uri):
    client = Client(server, redirect_uri, hear("near"))
    id_token, first = client.sign_in(True, acr_values=LOA_1, max_age=3600)
    assert (first["acr"], first["amr"]) == (LOA_1, ["pwd"]), first

    _, again = client.sign_in(False, prompt="none", id_token_hint=id_token, max_age=3600)
    for name in ("sub", "sid", "auth_time", "acr"):
        assert again[name] == first[name], name
    assert client.silent_error(acr_values="phr") == "interaction_required"
    assert client.silent_error(max_age=0) == "login_required"

    goodbye = {
        "id_token_hint": id_token,
        "post_logout_redirect_uri": client.signed_out,
        "state": generate_token(20),
    }
    tell(authorize=f"{client.metadata['end_session_endpoint']}?{urlencode(goodbye)}", pages=False)
    back = urlsplit(hear("callback"))
    assert parse_qs(back.query) == {"state": [goodbye["state"]]}, back

    tell(listens=True)
    told = jwt.decode(hear("logout_token"), client.keys, algorithms=["RS256"])
    assert told.header["typ"] == "logout+jwt", told.header
    checks = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": client.metadata["issuer"]},
        aud={"essential": True, "value": client.id},
        exp={"essential": True},
        jti={"essential": True},
        sid={"essential": True, "value": first["sid"]},
        events={"essential": True, "value": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    )
    checks.validate(told.claims)
    assert "nonce" not in told.claims, told.claims
    assert client.silent_error() == "login_required"
    tell(done=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
