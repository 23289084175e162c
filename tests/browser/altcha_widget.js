// The script of a frontend's sign-up page: it lets ALTCHA's widget solve the server's challenge, and sends the form as JSON.

const bundle = document.querySelector("script[data-server]");
const widget = document.querySelector("altcha-widget");
const form = document.querySelector("form");
const say = (where, text) => (document.getElementById(where).textContent = text);

globalThis.facts = { violations: [] };
addEventListener("securitypolicyviolation", (event) => facts.violations.push([event.violatedDirective, event.blockedURI]));

// The bundle for strict policies has no worker inside: the page names one of its own origin.
if (bundle.src.includes("/external/")) {
  $altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker("/workers/pbkdf2.js"));
}

widget.addEventListener("statechange", (event) => say("widget", `The widget: ${event.detail.state}`));

document.getElementById("again").addEventListener("click", () => {
  say("server", "");
  widget.reset();
});

document.getElementById("send").addEventListener("click", async () => {
  say("server", "");
  const answer = await fetch(`${bundle.dataset.server}/api/v1/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  });
  Object.assign(facts, { status: answer.status, body: await answer.json() });
  say("server", `The server: ${answer.status}`);
});
