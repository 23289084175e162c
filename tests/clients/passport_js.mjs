// Signs in with passport-mastodon.
//
//     passport_js.mjs SERVER REDIRECT_URI

import MastodonStrategy from "passport-mastodon";
import { callback, endWith, register, tell } from "./sign_in_library.mjs";

const [server, redirectUri] = process.argv.slice(2);
const app = await register(server, "Story with passport-mastodon", redirectUri);

const options = {
  domain: new URL(server).host,
  clientID: app.client_id,
  clientSecret: app.client_secret,
  callbackURL: redirectUri,
  scope: "read",
  state: true,
};
const strategy = new MastodonStrategy(options, (token, _refresh, profile, done) => done(null, { token, profile }));

// What passport itself does around a strategy, for a request of a framework.
const session = {};
function ask(query) {
  return new Promise((resolve, reject) => {
    Object.assign(strategy, {
      redirect: resolve,
      success: resolve,
      fail: (why) => reject(new Error(`refused: ${JSON.stringify(why)}`)),
      error: reject,
    });
    strategy.authenticate({ query, session, headers: {}, url: redirectUri, app: { get() {} } }, options);
  });
}

tell({ authorize: await ask({}) });

const { token, profile } = await ask(Object.fromEntries(new URL(await callback()).searchParams));
await endWith(server, app, token, profile._json);
