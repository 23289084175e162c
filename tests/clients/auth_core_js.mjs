// Signs in with @auth/core and its own provider for Mastodon, as the website of a framework does.
//
//     auth_core_js.mjs SERVER REDIRECT_URI

import assert from "node:assert/strict";
import { Auth } from "@auth/core";
import Mastodon from "@auth/core/providers/mastodon";
import { Cookies, callback, endWith, register, tell } from "./sign_in_library.mjs";

const [server, redirectUri] = process.argv.slice(2);
const site = new URL(redirectUri).origin;
const app = await register(server, "Story with Auth.js", `${site}/auth/callback/mastodon`);

let signedIn;
const config = {
  basePath: "/auth",
  secret: "a secret of this story alone",
  trustHost: true,
  useSecureCookies: false,
  providers: [Mastodon({ issuer: server, clientId: app.client_id, clientSecret: app.client_secret })],
  callbacks: {
    signIn({ account, profile }) {
      signedIn = { token: account.access_token, profile };
      return true;
    },
  },
};

const cookies = new Cookies();
async function ask(address, init = {}) {
  const headers = { ...init.headers, cookie: cookies.header };
  const answer = await Auth(new Request(address, { ...init, headers }), config);
  cookies.keep(answer.headers.getSetCookie());
  return answer;
}

const { csrfToken } = await (await ask(`${site}/auth/csrf`)).json();
const begun = await ask(`${site}/auth/signin/mastodon`, {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded", "x-auth-return-redirect": "1" },
  body: new URLSearchParams({ csrfToken, callbackUrl: site }),
});
tell({ authorize: (await begun.json()).url });

const done = await ask(await callback());
assert.equal(done.headers.get("location"), site, "it leads back to the website");
const session = await (await ask(`${site}/auth/session`)).json();
assert.equal(session.user.name, signedIn.profile.username);
await endWith(server, app, signedIn.token, signedIn.profile);
