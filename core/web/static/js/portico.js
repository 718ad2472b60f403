// Pages work without this; with it they count down, copy, show passwords, and keep the focus where it belongs.
const left = (until) => Math.max(0, Math.round((new Date(until) - Date.now()) / 1000));
const words = (seconds, language) => {
  const unit = (n, name) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" }).format(n);
  if (seconds >= 172800) return unit(Math.floor(seconds / 86400), "day");
  if (seconds >= 7200) return unit(Math.floor(seconds / 3600), "hour");
  if (seconds >= 120) return unit(Math.floor(seconds / 60), "minute");
  return unit(seconds, "second");
};
for (const node of document.querySelectorAll("[data-countdown]")) {
  const tick = () => { node.textContent = words(left(node.dataset.countdown), document.documentElement.lang); };
  tick();
  setInterval(tick, 1000);
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value);
    source.select();
  });
}
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    const field = document.querySelector(button.dataset.show);
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(hidden));
  });
}
document.querySelector(".error-summary")?.focus();
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
  });
}
window.addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false; });
if ("serviceWorker" in navigator && location.protocol === "https:") navigator.serviceWorker.register("/sw.js");
