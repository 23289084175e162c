// The copy buttons beside a code or a link; the page brings the words in its language. Without scripts the buttons stay
// hidden and the fields are copied by hand.
"use strict";

const said = document.querySelectorAll("[data-copied]");

document.querySelectorAll("[data-copies]").forEach((button, at) => {
  const field = document.getElementById(button.dataset.copies);
  if (!field) {
    return;
  }
  const told = said[at];
  field.addEventListener("focus", () => field.select());
  // Browsers offer the clipboard only on https and on loopback addresses.
  if (!navigator.clipboard) {
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      told.textContent = told.dataset.copied || "Copied.";
    } catch {
      field.focus();
      told.textContent =
        told.dataset.refused || "The browser did not allow it. The code is selected: copy it by hand.";
    }
  });
});
