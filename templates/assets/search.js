// The search field of a long list: what has none of the words typed is hidden. Without scripts the field stays hidden.
"use strict";

const field = document.querySelector("[data-searches]");

if (field) {
  const items = [...document.querySelectorAll(field.dataset.searches)];
  const input = field.querySelector("input");
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      const text = item.querySelector("h2").textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
  };
  field.hidden = false;
  input.addEventListener("input", search);
  // A browser that comes back brings what was typed.
  search();
}
