// [data-countdown="instant"]: counts down by the server's clock. The server's text stands until the first tick.
const page = document.documentElement;
const drift = page.dataset.now ? Date.parse(page.dataset.now) - Date.now() : 0;
const unit = (n, name) => new Intl.NumberFormat(page.lang, { style: "unit", unit: name, unitDisplay: "long" }).format(n);
const two = (n) => String(n).padStart(2, "0");

function words(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const both = (n, large, m, small) => (m ? `${unit(n, large)} ${unit(m, small)}` : unit(n, large));
  if (days > 1) return unit(days, "day");
  if (days) return both(days, "day", hours, "hour");
  if (hours) return both(hours, "hour", minutes, "minute");
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

export function count(root) {
  for (const node of root.querySelectorAll("[data-countdown]")) {
    const end = Date.parse(node.dataset.countdown);
    const box = node.closest(".countdown") ?? node;
    const live = box.querySelector("[data-countdown-live]");
    const over = box.querySelector("[data-countdown-over]");
    const short = Number(node.dataset.short || 60);
    if (Number.isNaN(end)) continue;
    let said = "";
    let timer = 0;

    // Read aloud twice only: when time gets short, and when it is over.
    const say = (what, text) => {
      if (said === what) return;
      said = what;
      if (live && text) live.textContent = text;
    };
    const tick = () => {
      if (!node.isConnected) return clearInterval(timer); // drawn anew
      const left = Math.max(0, Math.round((end - Date.now() - drift) / 1000));
      node.textContent = words(left);
      box.classList.toggle("is-short", left <= short);
      if (left > short) return undefined;
      if (left > 0) return say("short", node.dataset.shortText);
      clearInterval(timer);
      say("over", node.dataset.overText);
      if (over) over.hidden = false;
      return undefined;
    };
    timer = setInterval(tick, 1000);
    tick();
  }
}

count(document);
