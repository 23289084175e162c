// Signs in with next-auth 4. It has no provider for Mastodon of its own, so it gets the one that websites write: the lines of
// @auth/core's.
//
//     next_auth_js.mjs SERVER REDIRECT_URI

import assert from "node:assert/strict";
import nextAuth from "next-auth";
import { Cookies, callback, endWith, register, tell } from "./sign_in_library.mjs";

const [server, redirectUri] = process.argv.slice(2);
const site = new URL(redirectUri).origin;
const app = await register(server, "Story with next-auth", `${site}/api/auth/callback/mastodon`);
process.env.NEXTAUTH_URL = site;

let signedIn;
const options = {
  secret: "a secret of this story alone",
  providers: [
    {
      id: "mastodon",
      name: "Mastodon",
      type: "oauth",
      clientId: app.client_id,
      clientSecret: app.client_secret,
      authorization: `${server}/oauth/authorize?scope=read`,
      token: `${server}/oauth/token`,
      userinfo: `${server}/api/v1/accounts/verify_credentials`,
      profile: (profile) => ({ id: profile.id, name: profile.username, image: profile.avatar_static, email: null }),
    },
  ],
  callbacks: {
    signIn({ account, profile }) {
      signedIn = { token: account.access_token, profile };
      return true;
    },
  },
};

// A request of the website's own route, in the words of its framework.
const cookies = new Cookies();
async function ask(nextauth, more = {}) {
  const headers = {};
  let body;
  const response = {
    getHeader: (name) => headers[name.toLowerCase()],
    setHeader(name, value) {
      headers[name.toLowerCase()] = value;
      return response;
    },
    status: () => response,
    end() {},
    json: (value) => (body = value),
    send: (value) => (body = value),
  };
  const request = { method: "GET", headers: { host: new URL(site).host }, cookies: cookies.object, ...more };
  await nextAuth.default({ ...request, query: { ...more.query, nextauth } }, response, options);
  cookies.keep([headers["set-cookie"] ?? []].flat());
  return { body, location: headers.location };
}

const { csrfToken } = (await ask(["csrf"])).body;
const begun = await ask(["signin", "mastodon"], {
  method: "POST",
  body: { csrfToken, callbackUrl: site, json: "true" },
});
tell({ authorize: begun.body.url });

const query = Object.fromEntries(new URL(await callback()).searchParams);
const done = await ask(["callback", "mastodon"], { query });
assert.equal(done.location, site, "it leads back to the website");
const session = (await ask(["session"])).body;
assert.equal(session.user.name, signedIn.profile.username);
await endWith(server, app, signedIn.token, signedIn.profile);
