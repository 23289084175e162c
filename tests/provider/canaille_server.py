"""Canaille, an identity provider with pages of its own for signing in, for the stories.

    canaille_server.py PORT CALLBACK

Its one person is `alice`, whose password is "alice walks 7 dogs". Everything is in its memory.
"""

import os
import sys

# Authlib refuses plain http otherwise, loopback included.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc import jwk
from werkzeug.serving import make_server


def configuration(port):
    key = jwk.generate_key("RSA", 2048)
    key.ensure_kid()
    return {
        "SECRET_KEY": "a secret for stories alone",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "NAME": "Canaille of a story"},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
    }


def fill(callback):
    alice = models.User(
        user_name="alice",
        given_name="Alice",
        family_name="Liddell",
        formatted_name="Alice Liddell",
        emails=["alice@id.example"],
        password="alice walks 7 dogs",
    )
    Backend.instance.save(alice)
    client = models.Client(
        client_id="lysand",
        client_secret="a secret of at least thirty-two letters",
        client_name="Lysand",
        redirect_uris=[callback],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email"],
        token_endpoint_auth_method="client_secret_basic",
    )
    Backend.instance.save(client)
    client.audience = [client]
    Backend.instance.save(client)


def main(port, callback):
    app = create_app(config=configuration(port))
    with app.app_context(), Backend.instance.session():
        fill(callback)
    make_server("127.0.0.1", int(port), app, threaded=True).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
