// Signs in with masto.js, from registration to revocation, as any program written with it does.
//
//     masto_js.mjs SERVER REDIRECT_URI
//
// Writes one JSON object a line on standard output and reads one line from standard input:
//
//     -> {"authorize": URL}                 where a person has to go
//     <- {"code": ..., "state": ...}        what the person brought back
//     -> {"app": NAME, "account": {...}}    who the person is
//     -> {"after_revocation": TEXT}         what the server says to the same token after it was revoked

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { createOAuthAPIClient, createRestAPIClient } from "masto";

const [url, redirectUri] = process.argv.slice(2);
const scope = "read write push";
const state = randomUUID();

const tell = (facts) => console.log(JSON.stringify(facts));

const anonymous = createRestAPIClient({ url });
const app = await anonymous.v1.apps.create({
  clientName: "Story in JavaScript",
  redirectUris: redirectUri,
  scopes: scope,
});

const authorize = new URL("/oauth/authorize", url);
authorize.search = new URLSearchParams({
  client_id: app.clientId,
  redirect_uri: redirectUri,
  response_type: "code",
  scope,
  state,
});
tell({ authorize });

const input = createInterface({ input: process.stdin });
const answer = JSON.parse(await input.question(""));
input.close();
// A person who copies a code by hand copies no state.
if (answer.state !== null && answer.state !== state) {
  throw new Error("the answer belongs to another request");
}

const oauth = createOAuthAPIClient({ url });
const token = await oauth.token.create({
  grantType: "authorization_code",
  clientId: app.clientId,
  clientSecret: app.clientSecret,
  redirectUri,
  code: answer.code,
  scope,
});

const signedIn = createRestAPIClient({ url, accessToken: token.accessToken });
const account = await signedIn.v1.accounts.verifyCredentials();
const { name } = await signedIn.v1.apps.verifyCredentials();
tell({ app: name, account });

await oauth.revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token: token.accessToken });
await signedIn.v1.accounts.verifyCredentials().then(
  () => tell({ after_revocation: "still welcome" }),
  (error) => tell({ after_revocation: `${error.statusCode} ${error.message}` }),
);
