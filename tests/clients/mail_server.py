"""A mail server that does what the receiver's name says, and prints each mail that it takes as a line of JSON.

    mail_server.py HOST TLS CERTIFICATE KEY      TLS is implicit, starttls, or none

refused@ no such person · spam@ this message never · greylisted@ and closing@ not at the first time, closing@ without a
word after the whole message · hanging@ no answer to the message · slow@ an answer after three seconds
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

host, tls, certificate, key = sys.argv[1:]
seen = {}


def say(**what):
    print(json.dumps(what), flush=True)


def is_first(what):
    seen[what] = seen.get(what, 0) + 1
    return seen[what] == 1


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        say(sender=address, encrypted=session.ssl is not None or tls == "implicit")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "refused":
            return "550 5.1.1 no such person"
        if name == "greylisted" and is_first(name):
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "spam":
            return "554 5.7.1 not this message"
        if name == "hanging":
            say(hanging=True)
            await asyncio.sleep(600)
        if name == "slow":
            say(slow=True)
            await asyncio.sleep(3)
        say(
            to=envelope.rcpt_tos,
            text=envelope.content.decode(),
            encrypted=session.ssl is not None or tls == "implicit",
            user=session.auth_data.login.decode() if session.authenticated else None,
        )
        if name == "closing" and is_first(name):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"mailer", b"open sesame")
    return AuthResult(success=right, handled=False, auth_data=data)


def session():
    context = None
    if tls == "starttls":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    return SMTP(
        Handler(),
        hostname="mail.example",
        tls_context=context,
        require_starttls=tls == "starttls",
        authenticator=authenticate,
        auth_require_tls=tls == "starttls",
    )


async def main():
    context = None
    if tls == "implicit":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(session, host, 0, ssl=context)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
