// Light, dark or as the device: the choice stays on this device.
const KEY = "portico-theme";
const root = document.documentElement;
const groups = document.querySelectorAll("[data-theme-toggle]");

const current = () => root.dataset.bsTheme ?? "auto";

function show() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current()));
  }
}

for (const group of groups) {
  group.hidden = false;
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    if (choice === "auto") delete root.dataset.bsTheme;
    else root.dataset.bsTheme = choice;
    try {
      if (choice === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch { /* the choice holds for this page only */ }
    show();
  });
}
show();
