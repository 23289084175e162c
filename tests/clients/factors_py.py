"""Adds second factors and signs in with them: pyotp as the authenticator app, soft-webauthn as the security key.

    factors_py.py SERVER REDIRECT_URI

Reads one JSON object from standard input, {"token": TEXT, "username": TEXT, "password": TEXT}, and writes one line with what became
of each step.
"""

import base64
import json
import sys
import time

import pyotp
import requests
from soft_webauthn import SoftWebauthnDevice

JSON = {"Accept": "application/json"}


def unpadded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(credential):
    """What the device gives as bytes, as JSON has it."""
    response = {name: unpadded(value) for name, value in credential["response"].items() if value}
    return {"id": unpadded(credential["rawId"]), "rawId": unpadded(credential["rawId"]), "type": "public-key", "response": response}


def main(server, redirect_uri):
    told = json.loads(sys.stdin.readline())
    own = f"{server}/api/v1/auth/factors"
    bearer = {"Authorization": f"Bearer {told['token']}"}
    proof = {"current_password": told["password"]}
    device = SoftWebauthnDevice()

    begun = requests.post(f"{own}/passkeys/start", json=proof, headers=bearer).json()
    options = begun["options"]
    options["challenge"] = raw(options["challenge"])
    options["user"]["id"] = raw(options["user"]["id"])
    made = written(device.create({"publicKey": options}, server))
    body = {**proof, "setup_id": begun["setup_id"], "credential": made, "name": "Key", "two_step": False}
    added = requests.post(f"{own}/passkeys", json=body, headers=bearer)
    facts = {"passkey": [added.status_code, added.json().get("name")], "codes": len(added.json().get("recovery_codes", []))}

    setup = requests.post(f"{own}/totp", json=proof, headers=bearer).json()
    app = pyotp.TOTP(setup["secret"])
    read = pyotp.parse_uri(setup["otpauth_uri"])
    facts["uri"] = [read.secret == setup["secret"], read.now() == app.now(), read.digits, read.interval]
    body = {**proof, "setup_id": setup["setup_id"], "code": app.now()}
    facts["totp"] = requests.post(f"{own}/totp/confirm", json=body, headers=bearer).status_code
    listed = requests.get(own, headers=bearer).json()
    facts["listed"] = [listed["two_step"], [factor["type"] for factor in listed["factors"]]]

    form = {"client_name": "Factors", "redirect_uris": redirect_uri, "scopes": "read"}
    client = requests.post(f"{server}/api/v1/apps", json=form).json()
    query = {"client_id": client["client_id"], "redirect_uri": redirect_uri, "response_type": "code", "scope": "read"}

    def begin():
        browser = requests.Session()
        browser.headers.update({**JSON, "Origin": server})
        body = {"identifier": told["username"], "password": told["password"]}
        return browser, browser.post(f"{server}/api/auth/login", params=query, json=body).json()

    browser, waits = begin()
    facts["methods"] = [method["type"] for method in waits["methods"]]
    # The step of the first code is used; the one after counts already.
    body = {"pending": waits["pending"], "code": app.at(time.time() + 30)}
    facts["by_app"] = browser.post(f"{server}/api/auth/factor/totp", json=body).json()["status"]

    browser, waits = begin()
    body = {"pending": waits["pending"]}
    options = browser.post(f"{server}/api/auth/factor/passkey/start", json=body).json()["options"]
    options["challenge"] = raw(options["challenge"])
    used = written(device.get({"publicKey": options}, server))
    body = {"pending": waits["pending"], "credential": used}
    facts["by_key"] = browser.post(f"{server}/api/auth/factor/passkey/finish", json=body).json()["status"]
    facts["cookie"] = any(cookie.name == "jwt" for cookie in browser.cookies)
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2])
