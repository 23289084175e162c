// The sign-up page: does the proof of work while the person types, and shows the password when that is wanted. Without scripts, or
// where something of it fails, the form is sent as it is.
"use strict";

const form = document.getElementById("sign-up");
const field = form && form.elements.altcha;

function solve(challenge) {
  return new Promise((resolve, reject) => {
    const step = Math.min(4, navigator.hardwareConcurrency || 1);
    const workers = Array.from({ length: step }, () => new Worker(form.dataset.worker));
    const end = (settle) => (value) => {
      workers.forEach((worker) => worker.terminate());
      settle(value);
    };
    workers.forEach((worker, first) => {
      worker.onmessage = ({ data }) => end(resolve)(data);
      worker.onerror = end(reject);
      worker.postMessage({ challenge, first, step });
    });
  });
}

async function work() {
  const answer = await fetch(form.dataset.challenge, { credentials: "omit", cache: "no-store" });
  if (!answer.ok) {
    return;
  }
  const challenge = await answer.json();
  field.value = btoa(JSON.stringify({ challenge, solution: await solve(challenge) }));
}

if (field && form.dataset.challenge && window.Worker && window.crypto && crypto.subtle) {
  let pending = work().catch(() => {});
  let sent = false;
  form.addEventListener("submit", (event) => {
    // Whoever says that it was not them has nothing to prove.
    if (field.value || sent || (event.submitter && event.submitter.formNoValidate)) {
      return;
    }
    event.preventDefault();
    const status = form.querySelector("[data-checking]");
    status.textContent = status.dataset.checking;
    const { submitter } = event;
    pending.finally(() => {
      sent = true;
      form.requestSubmit(submitter);
    });
  });
}

const button = document.querySelector("[data-shows]");
const shown = button && document.getElementById(button.dataset.shows);

if (shown) {
  const words = [button.textContent, button.dataset.hide];
  button.hidden = false;
  button.addEventListener("click", () => {
    const hide = shown.type === "text";
    shown.type = hide ? "password" : "text";
    button.textContent = words[hide ? 0 : 1];
  });
}
