// A conversation that is open: drawn by the server, drawn again when the other side writes or reads; sent without leaving.
import { Live } from "./live.js";

const box = document.querySelector("[data-thread]");
const form = document.querySelector("form[data-write]");
const NOW_AND_THEN = 30000;
const SOON = 10000;

function take(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  if (page.body.innerHTML.trim() !== box.innerHTML.trim()) box.replaceChildren(...page.body.childNodes);
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(box.dataset.thread, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (answer?.ok) take(await answer.text());
}

const live = new Live(box.dataset.topics.split(" "), box.dataset.csrf);
live.addEventListener("up", refresh);
live.addEventListener("message", ({ detail }) => {
  // Somebody accepted, ended or wrote the report: the page as a whole says more than the thread.
  if (detail.what === "changed") return location.reload();
  return refresh();
});
live.start();
addEventListener("visibilitychange", refresh);
setInterval(() => { if (!live.up) refresh(); }, SOON);
setInterval(refresh, NOW_AND_THEN);

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  const button = form.querySelector("button:not([type=button])");
  button.disabled = true;
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Fragment": "1" } }).catch(() => null);
  button.disabled = false;
  // What cannot be sent this way is sent as a page, which says what is wrong and keeps what was typed.
  if (!answer?.ok) return form.submit();
  form.reset();
  form.querySelector("[name=key]").value = crypto.randomUUID?.() ?? String(Math.random());
  for (const field of form.querySelectorAll("input[type=file]")) field.dispatchEvent(new Event("change", { bubbles: true }));
  take(await answer.text());
  form.querySelector("textarea").focus();
  return undefined;
}, { capture: true });
