"""Signs in with toot, by its own command line, as a person at a terminal does. The lines are those of `mastodon_py.py`.

    toot_cli.py SERVER

toot's own logout forgets the token and leaves it alive; what it was given is ended here by what it remembers.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

TOOT = Path(sys.executable).with_name("toot")


def tell(**facts):
    print(json.dumps(facts), flush=True)


def toot(*arguments, **options):
    """One call of toot, as it would be typed."""
    return subprocess.run([TOOT, "--no-color", *arguments], capture_output=True, text=True, **options)


def sign_in(server):
    """`toot login`: reads the address that it prints, and types the code that it asks for."""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([TOOT, "--no-color", "login", "--instance", server], **options) as login:
        lines = iter(login.stdout.readline, "")
        address = next((line for line in lines if line.startswith(f"{server}/oauth/authorize")), None)
        assert address, "toot names no address to go to"
        tell(authorize=address.strip())
        answer = json.loads(sys.stdin.readline())
        # No, it need not open a browser: there is one already.
        said, _ = login.communicate(f"n\n{answer['code']}\n")
    assert login.returncode == 0 and "Successfully logged in" in said, said


def main(server, _redirect_uri):
    sign_in(server)
    account = json.loads(toot("whoami", "--json", check=True).stdout)
    assert f"@{account['username']}" in toot("whoami", check=True).stdout

    remembered = json.loads((Path(os.environ["XDG_CONFIG_HOME"]) / "toot" / "config.json").read_text())
    name, user = next(iter(remembered["users"].items()))
    app = remembered["apps"][user["instance"]]
    assert f"* {name} ACTIVE" in toot("auth", check=True).stdout
    bearer = {"Authorization": f"Bearer {user['access_token']}"}
    entity = requests.get(f"{server}/api/v1/apps/verify_credentials", headers=bearer)
    tell(app=entity.json()["name"], account=account)

    revocation = {"token": user["access_token"], **{key: app[key] for key in ("client_id", "client_secret")}}
    requests.post(f"{server}/oauth/revoke", json=revocation).raise_for_status()
    afterwards = toot("whoami")
    tell(after_revocation="still welcome" if afterwards.returncode == 0 else afterwards.stderr)
    toot("logout", name, check=True)
    assert "not logged in" in toot("auth", check=True).stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(XDG_CONFIG_HOME=home, XDG_CACHE_HOME=home, PYTHONUNBUFFERED="1")
        main(*sys.argv[1:])
