// A small client whose types come from the OpenAPI document alone: registers, signs somebody in, consents, redeems, and asks who it is.
//
//     typed_client.js SERVER USERNAME PASSWORD

import type { operations } from "./api.js";

declare const process: { argv: string[] };

type Operations = keyof operations;
type Body<O extends Operations> = operations[O] extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;
type Answer<O extends Operations, S extends number> = operations[O]["responses"] extends { [status in S]: { content: { "application/json": infer A } } } ? A : never;

const [server, identifier, password] = process.argv.slice(2);
const CALLBACK = "https://app.example/callback";

function post<O extends Operations>(path: string, body: Body<O>, headers: Record<string, string> = {}): Promise<Response> {
  const sent = { "content-type": "application/json", accept: "application/json", ...headers };
  return fetch(server + path, { method: "POST", redirect: "manual", headers: sent, body: JSON.stringify(body) });
}

async function answer<O extends Operations, S extends number>(response: Response, status: S): Promise<Answer<O, S>> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.status} for ${response.url}: ${text}`);
  return JSON.parse(text);
}

const wanted: Body<"postApps"> = { client_name: "Typed client", redirect_uris: CALLBACK, scopes: "read" };
const app = await answer<"postApps", 200>(await post<"postApps">("/api/v1/apps", wanted), 200);

const query = new URLSearchParams({ client_id: app.client_id, redirect_uri: CALLBACK, response_type: "code", scope: "read" });
const login = await post<"postAuthLogin">(`/api/auth/login?${query}`, { identifier, password });
const cookies = login.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
const signIn = await answer<"postAuthLogin", 200>(login, 200);
if (signIn.status !== "done") throw new Error(`the sign-in lacks ${signIn.missing}`);

const code = new URL(signIn.next).searchParams.get("code") ?? "";
const consent: Body<"postAuthRedirect"> = { client_id: app.client_id, redirect_uri: CALLBACK, code };
const approved = await post<"postAuthRedirect">("/api/auth/redirect", consent, { cookie: cookies });
const granted = new URL(approved.headers.get("location") ?? "").searchParams.get("code") ?? "";

const grant: Body<"postOauthToken"> = {
  grant_type: "authorization_code",
  code: granted,
  redirect_uri: CALLBACK,
  client_id: app.client_id,
  client_secret: app.client_secret,
};
const token = await answer<"postOauthToken", 200>(await post<"postOauthToken">("/oauth/token", grant), 200);

const asked = await fetch(`${server}/api/v1/accounts/verify_credentials`, { headers: { authorization: `Bearer ${token.access_token}` } });
const account = await answer<"getAccountsVerifyCredentials", 200>(asked, 200);
console.log(JSON.stringify({ username: account.username, scope: token.scope }));
