// Signs in with megalodon, from registration to revocation. The lines are those of `masto_js.mjs`.
//
//     megalodon_js.mjs SERVER REDIRECT_URI

import assert from "node:assert/strict";
import { createInterface } from "node:readline/promises";
import megalodon from "megalodon";

const [url, redirectUri] = process.argv.slice(2);
const { default: generator, detector } = megalodon;

const tell = (facts) => console.log(JSON.stringify(facts));

// megalodon speaks to several kinds of servers, and finds out by node information which one this is.
const kind = await detector(url);
assert.equal(kind, "mastodon");

const anonymous = generator(kind, url);
const app = await anonymous.registerApp("Story with megalodon", {
  redirect_uris: redirectUri,
  scopes: ["read", "write", "follow"],
});
tell({ authorize: app.url });

const input = createInterface({ input: process.stdin });
const answer = JSON.parse(await input.question(""));
input.close();

const token = await anonymous.fetchAccessToken(app.client_id, app.client_secret, answer.code, redirectUri);
assert.deepEqual([token.token_type, token.scope], ["Bearer", "read write follow"]);

const signedIn = generator(kind, url, token.access_token);
const { data: account } = await signedIn.verifyAccountCredentials();
const { data: entity } = await signedIn.verifyAppCredentials();
tell({ app: entity.name, account });

// As clients do: the same instance, with its bearer token, gives the token back.
await signedIn.revokeToken(app.client_id, app.client_secret, token.access_token);
await signedIn.verifyAccountCredentials().then(
  () => tell({ after_revocation: "still welcome" }),
  (error) => tell({ after_revocation: `${error.response.status} ${error.response.data.error}` }),
);
