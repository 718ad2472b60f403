// Pages work without this. With it: focus on what is wrong, shown passwords, one submission per press, menus, copying.
document.querySelector(".error-summary")?.focus();

for (const button of document.querySelectorAll("[data-show]")) {
  const field = document.querySelector(button.dataset.show);
  const words = button.querySelector("[data-words]");
  if (!field) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    if (words && button.dataset.hide) words.textContent = shown ? button.dataset.reveal : button.dataset.hide;
  });
  // A password manager must never keep the text field of a shown password.
  field.form?.addEventListener("submit", () => { field.type = "password"; });
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.querySelector(button.dataset.copy);
    const words = button.querySelector("[data-words]");
    if (!source) continue;
    const before = words?.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      source.select?.();
      await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
      if (!words) return;
      words.textContent = button.dataset.done;
      setTimeout(() => { words.textContent = before; }, 4000);
    });
  }
}

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
// A page that comes back from the history cache is used again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const busy of document.querySelectorAll('[aria-busy="true"]')) busy.removeAttribute("aria-busy");
});

// One menu is open at a time; Escape closes it and gives the focus back.
const open = () => document.querySelectorAll("details.menu[open]");
addEventListener("click", (event) => { for (const menu of open()) if (!menu.contains(event.target)) menu.open = false; });
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.hidden = false;
  button.addEventListener("click", () => button.closest(".alert")?.remove());
}

if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
