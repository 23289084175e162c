// A web client as Phanpy is one: it has no server, only this page. What it learns is laid down in `facts`.

const server = new URLSearchParams(location.search).get("server");
const redirectUri = `${location.origin}/callback`;
const scope = "read write follow push";
const facts = {};
let app, verifier, authorize, token, popup;

const say = (text) => (document.querySelector("output").textContent = text);
const post = (path, fields) => fetch(`${server}${path}`, { method: "POST", body: new URLSearchParams(fields) });
const read = async (answer) => [answer.status, await answer.json()];
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Ready before the button is: a browser opens a window only in answer to a click.
async function prepare() {
  const metadata = await (await fetch(`${server}/.well-known/oauth-authorization-server`)).json();
  const registration = { client_name: "Phanpy-like", redirect_uris: redirectUri, scopes: scope, website: location.origin };
  app = await (await post("/api/v1/apps", registration)).json();
  const request = { client_id: app.client_id, scope, redirect_uri: redirectUri, response_type: "code" };
  facts.pkce = metadata.code_challenge_methods_supported?.includes("S256") ?? false;
  if (facts.pkce) {
    verifier = base64url(crypto.getRandomValues(new Uint8Array(42)));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    Object.assign(request, { code_challenge: base64url(digest), code_challenge_method: "S256" });
  }
  authorize = `${metadata.authorization_endpoint}?${new URLSearchParams(request)}`;
  document.querySelector("#sign-in").disabled = false;
}

// The address that the popup came back to; or nothing, when it was closed before.
function answerOf(popup) {
  return new Promise((resolve) => {
    const polling = setInterval(() => popup.closed && finish(null), 50);
    const listen = (event) => event.source === popup && event.origin === location.origin && finish(event.data);
    const finish = (answer) => {
      clearInterval(polling);
      removeEventListener("message", listen);
      resolve(answer);
    };
    addEventListener("message", listen);
  });
}

async function signIn() {
  popup = open(authorize, "sign-in", "popup,width=600,height=700");
  const answer = await answerOf(popup);
  if (answer === null) return say("The window was closed");
  popup.close();
  const code = answer.match(/code=([^&]+)/)[1];
  const grant = { grant_type: "authorization_code", redirect_uri: redirectUri, code_verifier: verifier };
  const client = { client_id: app.client_id, client_secret: app.client_secret };
  facts.wrongCode = await read(await post("/oauth/token", { ...grant, ...client, code: `${code}x` }));
  facts.wrongSecret = await read(await post("/oauth/token", { ...grant, ...client, code, client_secret: "x" }));
  token = (await (await post("/oauth/token", { ...grant, ...client, code })).json()).access_token;
  const [, account] = await verify();
  say(`Signed in as @${account.acct}`);
}

async function verify() {
  const headers = { Authorization: `Bearer ${token}` };
  return read(await fetch(`${server}/api/v1/accounts/verify_credentials`, { headers }));
}

async function signOut() {
  // Some clients have forgotten who they are by then, and say so.
  facts.forgotten = await read(await post("/oauth/revoke", { client_id: undefined, client_secret: undefined, token }));
  const client = { client_id: app.client_id, client_secret: app.client_secret };
  facts.revoked = await read(await post("/oauth/revoke", { ...client, token }));
  facts.afterwards = await verify();
  say("Signed out");
}

const reporting = (step) => () => step().catch((error) => say(`Failed: ${error}`));
document.querySelector("#sign-in").addEventListener("click", reporting(signIn));
document.querySelector("#sign-out").addEventListener("click", reporting(signOut));
reporting(prepare)();
