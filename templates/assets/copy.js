// The copy button of the code page; the page brings the words in its language. Without scripts the button stays hidden
// and the field is copied by hand.
"use strict";

const button = document.querySelector("[data-copies]");
const said = document.querySelector("[data-copied]");
const field = button && document.getElementById(button.dataset.copies);

if (field) {
  field.addEventListener("focus", () => field.select());
}

// Browsers offer the clipboard only on https and on loopback addresses.
if (field && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = said.dataset.copied || "Copied.";
    } catch {
      field.focus();
      said.textContent =
        said.dataset.refused || "The browser did not allow it. The code is selected: copy it by hand.";
    }
  });
}
