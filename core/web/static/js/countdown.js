// <time data-countdown datetime="…">: counts down to an instant of the server's clock, by the server's clock.
const page = document.documentElement.dataset.now;
const drift = page ? Date.parse(page) - Date.now() : 0;

for (const node of document.querySelectorAll("[data-countdown]")) {
  const end = Date.parse(node.dateTime);
  const box = node.closest(".countdown");
  const live = box?.querySelector("[data-countdown-live]");
  const short = Number(node.dataset.short || 60);
  const locale = document.documentElement.lang;
  if (Number.isNaN(end)) continue;
  let said = null;

  const days = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });
  const clock = (s) => {
    const two = (n) => String(n).padStart(2, "0");
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    if (h >= 48) return days.format(Math.floor(h / 24));
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  };

  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now() - drift) / 1000));
    node.textContent = clock(left);
    box?.classList.toggle("is-short", left <= short);
    // Read aloud twice only: when time gets short, and when it is over.
    if (live && left > 0 && left <= short && said !== "short") { said = "short"; live.textContent = node.dataset.shortText ?? ""; }
    if (left > 0) return;
    clearInterval(timer);
    if (live && said !== "over") live.textContent = node.dataset.overText ?? "";
    box?.classList.add("is-over");
    const over = box?.querySelector("[data-countdown-over]");
    if (over) over.hidden = false;
  };
  const timer = setInterval(tick, 1000);
  tick();
}
