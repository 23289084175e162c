// Signs somebody up with a proof of work by ALTCHA's own library, as a frontend does it.
//
//     altcha_js.mjs SERVER REDIRECT_URI
//
// Writes one JSON object: what the server answers to the form with the solution, to the same solution once more, and to one whose
// challenge was changed.

import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";

const [server] = process.argv.slice(2);

async function post(username, payload) {
  const body = { username, email: `${username}@example.com`, password: "a calm evening" };
  const answer = await fetch(`${server}/api/v1/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, altcha: btoa(JSON.stringify(payload)) }),
  });
  return { status: answer.status, body: await answer.json() };
}

const challenge = await (await fetch(`${server}/api/v1/auth/signup/challenge`)).json();
const begun = performance.now();
const solution = await solveChallenge({ challenge, deriveKey });
const milliseconds = Math.round(performance.now() - begun);
const changed = { ...challenge, parameters: { ...challenge.parameters, cost: 1 } };
console.log(
  JSON.stringify({
    milliseconds,
    first: await post("ada", { challenge, solution }),
    again: await post("grace", { challenge, solution }),
    changed: await post("mallory", { challenge: changed, solution: await solveChallenge({ challenge: changed, deriveKey }) }),
  }),
);
