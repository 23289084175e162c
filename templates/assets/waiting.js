// The page of a browser that waits for its account: asks how far that is, and goes on when nothing is missing. Without scripts the
// button does it.
"use strict";

const form = document.getElementById("continue");
const EVERY = 5000;

async function ask() {
  try {
    const answer = await fetch(form.dataset.state, { cache: "no-store" });
    const { state } = answer.ok ? await answer.json() : {};
    if (state === "ready") {
      form.requestSubmit();
      return;
    }
    if (state && state !== form.dataset.seen && form.dataset.seen) {
      location.reload();
      return;
    }
    form.dataset.seen = state || form.dataset.seen || "";
  } catch {
    // The network is away: it is asked again.
  }
  setTimeout(ask, EVERY);
}

if (form) {
  ask();
}
