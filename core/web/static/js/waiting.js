// The waiting room's list: drawn by the server, drawn again when somebody comes or goes.
import { Live } from "./live.js";

const box = document.getElementById("waiting");
const NOW_AND_THEN = 30000;

async function refresh() {
  const answer = await fetch(box.dataset.refreshUrl, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.body.innerHTML.trim() !== box.innerHTML.trim()) box.replaceChildren(...page.body.childNodes);
}

const live = new Live(box.dataset.topics.split(" "), box.dataset.csrf);
live.addEventListener("up", refresh);
live.addEventListener("message", refresh);
live.start();
setInterval(refresh, NOW_AND_THEN);
