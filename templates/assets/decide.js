// Keeps a yes from being pressed by a click that was meant for something else: a page can open this one beneath the pointer
// between the two clicks of a double click. What is marked with data-waits counts once the page was visible and had the focus for
// a while, and again after each change of the focus. It stays where the keyboard can reach it. Without scripts it counts at once.
"use strict";

const WAIT = 600;
let ready = false;
let timer;

function show() {
  for (const button of document.querySelectorAll("[data-waits]")) {
    button.setAttribute("aria-disabled", String(!ready));
  }
}

function begin() {
  clearTimeout(timer);
  ready = false;
  show();
  if (document.visibilityState === "visible" && document.hasFocus()) {
    timer = setTimeout(() => {
      ready = true;
      show();
    }, WAIT);
  }
}

// Enter in a field is a click on the form's button, too.
document.addEventListener(
  "click",
  (event) => {
    if (!ready && event.target instanceof Element && event.target.closest("[data-waits]")) {
      event.preventDefault();
      event.stopPropagation();
    }
  },
  true,
);
for (const change of ["focus", "blur", "pageshow"]) {
  addEventListener(change, begin);
}
document.addEventListener("visibilitychange", begin);
document.addEventListener("DOMContentLoaded", begin);
begin();
