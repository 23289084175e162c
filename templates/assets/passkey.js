// Makes and uses passkeys. A form with data-passkey ("create" or "get") has the options of the server in data-options; it is shown
// where the browser can do it, and submitted with what the browser made of them in its field "credential". Where data-fill is set, a
// passkey is offered beside the passwords that the browser knows, too. What data-passkey-user and data-unknown say is told to the browser.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// The options as the browser takes them: the server writes bytes as base64url.
function read(options) {
  const descriptors = (list) => (list ?? []).map((known) => ({ ...known, id: bytes(known.id) }));
  const given = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    given.user = { ...options.user, id: bytes(options.user.id) };
    given.excludeCredentials = descriptors(options.excludeCredentials);
  } else {
    given.allowCredentials = descriptors(options.allowCredentials);
  }
  return given;
}

// The credential as the server reads it.
function written(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) {
      response[name] = text(credential.response[name]);
    }
  }
  if (credential.response.getTransports) {
    response.transports = credential.response.getTransports();
  }
  const id = text(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, response, clientExtensionResults: {} });
}

let waiting = null;

async function use(form, more) {
  const publicKey = read(JSON.parse(form.dataset.options));
  const made =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey, ...more })
      : await navigator.credentials.get({ publicKey, ...more });
  form.elements.credential.value = written(made);
  form.submit();
}

function refused(form, error) {
  const told = form.querySelector("[data-passkey-error]");
  if (told) {
    told.hidden = false;
    told.textContent = error.name === "InvalidStateError" && told.dataset.known ? told.dataset.known : told.dataset.failed;
  }
}

// One request at a time: what waits beside the passwords makes room.
function stop() {
  waiting?.abort();
  waiting = null;
}

async function fill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    return;
  }
  waiting = new AbortController();
  try {
    await use(form, { mediation: "conditional", signal: waiting.signal });
  } catch (error) {
    if (error.name !== "AbortError") {
      refused(form, error);
    }
  }
}

function prepare(form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    stop();
    try {
      await use(form, {});
    } catch (error) {
      refused(form, error);
    }
  });
  if ("fill" in form.dataset) {
    fill(form);
  }
}

// Tells the browser, where it listens, which passkeys of somebody still count and what their owner is called, and which one nobody
// has here. Nothing waits for it, and nothing relies on it.
async function tell(method, facts) {
  try {
    await PublicKeyCredential[method]?.(facts);
  } catch (error) {
    console.info(`${method}: ${error.name}`);
  }
}

function signal() {
  for (const { dataset } of document.querySelectorAll("[data-passkey-user]")) {
    const { rp: rpId, passkeyUser: userId, accepted, name, displayName } = dataset;
    tell("signalAllAcceptedCredentials", { rpId, userId, allAcceptedCredentialIds: JSON.parse(accepted) });
    tell("signalCurrentUserDetails", { rpId, userId, name, displayName });
  }
  for (const { dataset } of document.querySelectorAll("form[data-unknown]")) {
    tell("signalUnknownCredential", { rpId: JSON.parse(dataset.options).rpId, credentialId: dataset.unknown });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) {
    return;
  }
  signal();
  for (const without of document.querySelectorAll("[data-passkey-absent]")) {
    without.hidden = true;
  }
  for (const shown of document.querySelectorAll("[data-passkey-shown]")) {
    shown.hidden = false;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    prepare(form);
  }
  for (const other of document.querySelectorAll("form:not([data-passkey])")) {
    other.addEventListener("submit", stop);
  }
});
