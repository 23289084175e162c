// Signs in with openid-client, which knows nothing of Mastodon: whatever it does, the server's metadata told it.
//
//     openid_client_js.mjs SERVER REDIRECT_URI AUTH_METHOD
//
// AUTH_METHOD is how the app proves who it is: `client_secret_post`, `client_secret_basic`, or `none` for a public app. The
// lines are those of `masto_js.mjs`, and before the account's
//
//     -> {"id_token": CLAIMS, "userinfo": {...}, "refreshed": bool}

import assert from "node:assert/strict";
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const [server, redirectUri, method] = process.argv.slice(2);
const scope = "openid profile";
const proofs = {
  client_secret_post: client.ClientSecretPost(),
  client_secret_basic: client.ClientSecretBasic(),
  none: client.None(),
};

const tell = (facts) => console.log(JSON.stringify(facts));

// By default the OpenID document, once more by RFC 8414. Either must name the issuer by which it was found.
const issuer = new URL("/", server);
const metadata = {
  client_name: "Story with openid-client",
  redirect_uris: [redirectUri],
  scope,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: method,
  // The library refuses a token that is signed by another algorithm than the one that was registered; absent, that is RS256.
  ...(method === "client_secret_post" ? {} : { id_token_signed_response_alg: method === "none" ? "EdDSA" : "RS256" }),
  post_logout_redirect_uris: [`${redirectUri}/signed-out`],
};
const config = await client.dynamicClientRegistration(issuer, metadata, proofs[method]);
const { client_id: clientId, client_secret: secret } = config.clientMetadata();
assert.equal(secret === undefined, method === "none", "a secret for those who can keep it");
const plain = await client.discovery(issuer, clientId, config.clientMetadata(), proofs[method], { algorithm: "oauth2" });
assert.equal(plain.serverMetadata().issuer, config.serverMetadata().issuer);
assert.ok(config.serverMetadata().supportsPKCE());
// The signature of an id token that came straight from the server is checked as well.
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const authorize = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
tell({ authorize });

const input = createInterface({ input: process.stdin });
const callback = new URL(JSON.parse(await input.question("")).callback);
input.close();

const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
// Who answers is said (RFC 9207), and another name is not believed: nothing is sent then.
const foreign = new URL(callback);
foreign.searchParams.set("iss", "https://elsewhere.example/");
await assert.rejects(client.authorizationCodeGrant(config, foreign, checks), ({ cause }) => /"iss"/.test(cause.message));
const first = await client.authorizationCodeGrant(config, callback, checks);
const claims = first.claims();
const userinfo = await client.fetchUserInfo(config, first.access_token, claims.sub);

// Where it would send the person to sign out.
const goodbye = { post_logout_redirect_uri: `${redirectUri}/signed-out`, id_token_hint: first.id_token, state };
const logout = client.buildEndSessionUrl(config, goodbye);
assert.equal(logout.pathname, "/oauth/logout");
const page = await fetch(logout, { redirect: "manual" });
assert.equal(page.status, 302, "nobody is signed in here");
const back = new URL(page.headers.get("location"));
assert.deepEqual([back.href.split("?")[0], back.searchParams.get("state")], [`${redirectUri}/signed-out`, state]);
const header = JSON.parse(Buffer.from(first.id_token.split(".")[0], "base64url"));
assert.equal(header.alg, method === "none" ? "EdDSA" : "RS256");
assert.equal(typeof claims.sid, "string");

const second = await client.refreshTokenGrant(config, first.refresh_token);
const refreshed = second.access_token !== first.access_token && second.refresh_token !== first.refresh_token;
tell({ id_token: claims, userinfo, refreshed: refreshed && second.expiresIn() > 0 });

const ask = async (path) => {
  const answer = await fetch(new URL(path, server), { headers: { authorization: `Bearer ${second.access_token}` } });
  return [answer.status, await answer.json()];
};
const [, account] = await ask("/api/v1/accounts/verify_credentials");
const [, { name }] = await ask("/api/v1/apps/verify_credentials");
tell({ app: name, account });

if (method !== "none") {
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, true);
}
await client.tokenRevocation(config, second.access_token, { token_type_hint: "access_token" });
const [status, { error }] = await ask("/api/v1/accounts/verify_credentials");
tell({ after_revocation: `${status} ${error}` });
// The refusal stands in the body, and in a challenge as well, as Mastodon sends it; this client reads the challenge.
const challenge = ({ status, cause }) => status === 400 && cause[0].parameters.error === "invalid_grant";
await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), challenge);
