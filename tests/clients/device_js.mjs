// A program without a browser, with openid-client (RFC 8628): found by the metadata, registered by RFC 7591.
//
//     device_js.mjs SERVER REDIRECT_URI
//
// It writes a line with the codes that a person is to type, and then what came of it:
//
//     -> {"allow": CODE}        -> {"account": {...}, "scope": "read", "expired": "expired_token"}
//     -> {"allow_late": CODE}   -> {"errors": ["authorization_pending", "slow_down", ...]}
//     -> {"deny": CODE}         -> {"denied": "access_denied"}

import assert from "node:assert/strict";
import * as client from "openid-client";

const [server, redirectUri] = process.argv.slice(2);
const grant = "urn:ietf:params:oauth:grant-type:device_code";
const tell = (facts) => console.log(JSON.stringify(facts));

// The test's server speaks plain http.
const execute = server.startsWith("http:") ? [client.allowInsecureRequests] : [];
const metadata = { client_name: "Story of a device", redirect_uris: [redirectUri], scope: "read", grant_types: [grant], response_types: [] };
const config = await client.dynamicClientRegistration(new URL("/", server), metadata, client.ClientSecretBasic(), { execute });
assert.ok(config.serverMetadata().grant_types_supported.includes(grant));

const errors = [];
config[client.customFetch] = async (url, options) => {
  const answer = await fetch(url, options);
  if (answer.status === 400) errors.push((await answer.clone().json()).error);
  return answer;
};

const first = await client.initiateDeviceAuthorization(config, { scope: "read" });
assert.equal(first.verification_uri, new URL("/device", server).href);
assert.equal(new URL(first.verification_uri_complete).searchParams.get("user_code"), first.user_code);
assert.deepEqual([first.expires_in, first.interval], [900, 5]);
tell({ allow: first.user_code });
const tokens = await client.pollDeviceAuthorizationGrant(config, first);
const headers = { authorization: `Bearer ${tokens.access_token}` };
const account = await (await fetch(new URL("/api/v1/accounts/verify_credentials", server), { headers })).json();
const again = await client.pollDeviceAuthorizationGrant(config, { ...first, interval: 1 }).catch((refused) => refused);
tell({ account, scope: tokens.scope, expired: again.error });

// One that polls five times as often as it may is slowed down, and gets its tokens all the same.
errors.length = 0;
const second = await client.initiateDeviceAuthorization(config, {});
const polling = client.pollDeviceAuthorizationGrant(config, { ...second, interval: 1 });
while (!errors.includes("slow_down")) await new Promise((done) => setTimeout(done, 100));
tell({ allow_late: second.user_code });
assert.ok((await polling).access_token);
tell({ errors });

const third = await client.initiateDeviceAuthorization(config, {});
tell({ deny: third.user_code });
const denied = await client.pollDeviceAuthorizationGrant(config, { ...third, interval: 2 }).catch((refused) => refused);
tell({ denied: denied.error });
