// What the stories of sign-in libraries share: such a library signs a person in to a website of its own, and begins with an app that
// somebody registered for that website.

import assert from "node:assert/strict";
import { createInterface } from "node:readline/promises";

export const tell = (facts) => console.log(JSON.stringify(facts));

// Registers the website; returns its app.
export async function register(server, name, redirectUri) {
  const body = new URLSearchParams({ client_name: name, redirect_uris: redirectUri, scopes: "read" });
  const answer = await fetch(`${server}/api/v1/apps`, { method: "POST", body });
  assert.equal(answer.status, 200);
  return answer.json();
}

// The address at which the browser came back.
export async function callback() {
  const input = createInterface({ input: process.stdin });
  const answer = JSON.parse(await input.question(""));
  input.close();
  return answer.callback;
}

// Tells who signed in, gives the token back and tries it once more.
export async function endWith(server, app, token, account) {
  const get = (path) => fetch(server + path, { headers: { authorization: `Bearer ${token}` } });
  const { name } = await (await get("/api/v1/apps/verify_credentials")).json();
  tell({ app: name, account });
  const body = new URLSearchParams({ client_id: app.client_id, client_secret: app.client_secret, token });
  assert.equal((await fetch(`${server}/oauth/revoke`, { method: "POST", body })).status, 200);
  const answer = await get("/api/v1/accounts/verify_credentials");
  tell({ after_revocation: `${answer.status} ${(await answer.json()).error}` });
}

// A jar for the cookies of the website's own.
export class Cookies {
  #values = new Map();

  keep(lines) {
    for (const line of lines) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      this.#values.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  get object() {
    return Object.fromEntries([...this.#values].map(([name, value]) => [name, decodeURIComponent(value)]));
  }

  get header() {
    return [...this.#values].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}
