"""Administers a server with Mastodon.py.

    admin_py.py SERVER REDIRECT_URI

Reads one JSON object from standard input, {"token": TEXT, "waiting": [ID, ID], "person": ID}, and writes one line with what each call
answered. The redirect URI is not used.
"""

import json
import sys

from mastodon import Mastodon, MastodonAPIError


def names(accounts):
    # What the first API answers stays a list of plain dictionaries in Mastodon.py.
    return [account["username"] for account in accounts]


def refusal(call, *arguments):
    try:
        call(*arguments)
        return "nothing"
    except MastodonAPIError as error:
        return str(error)


def main(server, _redirect_uri):
    told = json.loads(sys.stdin.readline())
    mastodon = Mastodon(access_token=told["token"], api_base_url=server)
    first, second = told["waiting"]
    person = told["person"]
    facts = {
        "all": names(mastodon.admin_accounts_v2()),
        "pending": names(mastodon.admin_accounts_v2(status="pending")),
        "staff": names(mastodon.admin_accounts_v1(staff_only=True)),
        "found": names(mastodon.admin_accounts_v2(username="gra", origin="local")),
        "approved": mastodon.admin_account_approve(first).approved,
        "rejected": mastodon.admin_account_reject(second).username,
        "again": refusal(mastodon.admin_account_approve, first),
        "gone": refusal(mastodon.admin_account, second),
    }
    mastodon.admin_account_moderate(person, action="disable", text="Please wait")
    facts["disabled"] = mastodon.admin_account(person).disabled
    facts["enabled"] = not mastodon.admin_account_enable(person).disabled
    mastodon.admin_account_moderate(person, action="suspend", send_email_notification=False)
    facts["suspended"] = names(mastodon.admin_accounts_v1(status="suspended"))
    facts["unsuspended"] = not mastodon.admin_account_unsuspend(person).suspended
    facts["unsilenced"] = mastodon.admin_account_unsilence(person).username
    page = mastodon.admin_accounts_v2(limit=1)
    # Mastodon.py's own fetch_next does not know the type of this list; it reads the link all the same.
    second = mastodon.admin_accounts_v2(limit=1, max_id=page._pagination_next["max_id"])
    facts["pages"] = [names(page), names(second)]
    account = mastodon.admin_account(person)
    facts["role"] = [account.role.id, account.role.permissions]
    facts["account"] = account.account.acct
    print(json.dumps(facts, default=str), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
