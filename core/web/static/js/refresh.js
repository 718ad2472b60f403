// [data-refresh="seconds"]: a list that others change, drawn again by the server while somebody looks at it.
import { count } from "./countdown.js";

let typed = false;
addEventListener("input", () => { typed = true; });
const told = (box) => box.querySelector("[data-refresh-tell]")?.textContent.trim();

for (const box of document.querySelectorAll("[data-refresh]")) {
  const pause = Number(box.dataset.refresh) * 1000;
  const said = document.querySelector(`[data-refresh-said="${box.id}"]`);
  let drawn = box.innerHTML;
  let looked = Date.now();

  const draw = (fresh, at) => {
    box.replaceChildren(...document.adoptNode(fresh).childNodes);
    count(box);
    if (at) [...box.querySelectorAll("a")].find((link) => link.getAttribute("href") === at)?.focus();
  };

  const look = async () => {
    if (document.hidden) return;
    looked = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(box.id);
    if (!fresh) {
      // Signed out, over, or no longer allowed: the page says so itself, once nothing typed would be lost.
      if (!typed) location.reload();
      return;
    }
    const more = Number(fresh.dataset.count) > Number(box.dataset.count);
    box.dataset.count = fresh.dataset.count;
    document.title = page.title;
    if (fresh.dataset.state !== box.dataset.state && !typed) return location.reload();
    const held = box.contains(document.activeElement) ? document.activeElement : null;
    // A button under somebody's finger is not taken away: drawn at the next look.
    if (fresh.innerHTML === drawn || (held && !held.hasAttribute("href"))) return;
    drawn = fresh.innerHTML;
    const news = told(fresh) === told(box) ? "" : told(fresh);
    const words = more ? fresh.dataset.new : news;
    draw(fresh, held?.getAttribute("href"));
    if (said) said.textContent = words ?? "";
  };

  setInterval(look, pause);
  // Come back to after a while: at once.
  document.addEventListener("visibilitychange", () => { if (Date.now() - looked > pause) look(); });
}
