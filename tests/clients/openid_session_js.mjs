// Goes through a whole session with oauth4webapi, by the server's metadata alone: sign-in, silent sign-in, what is too weak or too
// old, sign-out at the server, and being told of it.
//
//     openid_session_js.mjs SERVER REDIRECT_URI ALGORITHM
//
//     <- {"near": ORIGIN}                    the same app, where the server finds it
//     -> {"authorize": URL, "pages": BOOL}   where the person goes, and whether there are pages to go through
//     <- {"callback": URL}                   with what the person came back
//     -> {"listens": true}                   it was signed out
//     <- {"logout_token": TOKEN}             what it was told
//     -> {"done": true}

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";

const [server, redirectUri, algorithm] = process.argv.slice(2);
const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const tell = (facts) => console.log(JSON.stringify(facts));
const hear = async () => JSON.parse((await lines.next()).value);

const issuer = new URL("/", server);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
assert.ok(as.backchannel_logout_supported && as.backchannel_logout_session_supported);
const { near } = await hear();
const signedOut = new URL("/signed-out", redirectUri).href;
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(as, {
    client_name: `Story with oauth4webapi, ${algorithm}`,
    redirect_uris: [redirectUri, `${near}/cb`],
    post_logout_redirect_uris: [signedOut],
    backchannel_logout_uri: `${near}/told`,
    backchannel_logout_session_required: true,
    id_token_signed_response_alg: algorithm,
    token_endpoint_auth_method: "client_secret_basic",
    scope: "openid profile",
  }),
);
const proof = oauth.ClientSecretBasic(client.client_secret);

/** Sends the person away with these parameters, and answers with the claims of the id token. */
const signIn = async (more, pages) => {
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid profile",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...more,
  });
  tell({ authorize: url.href, pages });
  const { callback } = await hear();
  const answer = oauth.validateAuthResponse(as, client, new URL(callback), state);
  const got = await oauth.authorizationCodeGrantRequest(as, client, proof, answer, redirectUri, verifier);
  const checks = { expectedNonce: nonce, requireIdToken: true, ...(more.max_age && { maxAge: Number(more.max_age) }) };
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, got, checks);
  await oauth.validateApplicationLevelSignature(as, got);
  return { idToken: tokens.id_token, claims: oauth.getValidatedIdTokenClaims(tokens) };
};

/** What the server answers to a request that may show nothing. */
const silentError = async (more) => {
  const refused = await signIn({ prompt: "none", ...more }, false).then(() => assert.fail("not refused"), (error) => error);
  assert.ok(refused instanceof oauth.AuthorizationResponseError, refused);
  return refused.error;
};

const loa1 = "urn:lysand-auth:loa:1";
const first = await signIn({ acr_values: `urn:of:others ${loa1}`, max_age: "3600" }, true);
assert.deepEqual([first.claims.acr, first.claims.amr], [loa1, ["pwd"]]);
assert.equal(JSON.parse(Buffer.from(first.idToken.split(".")[0], "base64url")).alg, algorithm);

const again = await signIn({ prompt: "none", id_token_hint: first.idToken, max_age: "3600" }, false);
for (const name of ["sub", "sid", "auth_time", "acr"]) {
  assert.deepEqual(again.claims[name], first.claims[name], name);
}
assert.equal(await silentError({ acr_values: "phr" }), "interaction_required");
assert.equal(await silentError({ max_age: "0" }), "login_required");
assert.equal(await silentError({ id_token_hint: "nothing" }), "invalid_request");

const goodbye = new URL(as.end_session_endpoint);
const state = oauth.generateRandomState();
goodbye.search = new URLSearchParams({
  id_token_hint: again.idToken,
  client_id: client.client_id,
  post_logout_redirect_uri: signedOut,
  state,
});
tell({ authorize: goodbye.href, pages: false });
const back = new URL((await hear()).callback);
assert.deepEqual([back.pathname, back.searchParams.get("state")], [new URL(signedOut).pathname, state]);

tell({ listens: true });
const { logout_token: token } = await hear();
const checks = { issuer: as.issuer, audience: client.client_id, typ: "logout+jwt", algorithms: [algorithm] };
const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(as.jwks_uri)), { ...checks, requiredClaims: ["jti", "exp"] });
assert.deepEqual([payload.sid, payload.sub, payload.nonce], [first.claims.sid, first.claims.sub, undefined]);
assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });

assert.equal(await silentError({}), "login_required");
tell({ done: true });
input.close();
