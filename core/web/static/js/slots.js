// Slots: page through the days that are already here; beyond them the links of the server take over.
for (const box of document.querySelectorAll("[data-slots]")) {
  const view = box.querySelector(".slots-view");
  const back = box.querySelector("[data-slots-earlier]");
  const on = box.querySelector("[data-slots-later]");
  if (!view) continue;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const move = (event, direction) => {
    const room = direction < 0 ? view.scrollLeft : view.scrollWidth - view.clientWidth - view.scrollLeft;
    if (room <= 4) return; // nothing more here: follow the link
    event.preventDefault();
    view.scrollBy({ left: direction * view.clientWidth, behavior: calm.matches ? "auto" : "smooth" });
  };
  back?.addEventListener("click", (event) => move(event, -1));
  on?.addEventListener("click", (event) => move(event, 1));
}
