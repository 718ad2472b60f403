// The editor of a portal: the colour picker beside its text, and the draft kept while one goes on, with its preview.
const PAUSE = 700;

for (const picker of document.querySelectorAll("[data-colour]")) {
  const text = document.getElementById(picker.dataset.colour);
  const chip = text.parentElement.querySelector("rect");
  picker.hidden = false;
  chip.parentElement.setAttribute("hidden", "");
  picker.addEventListener("input", () => {
    text.value = picker.value;
    chip.setAttribute("fill", picker.value);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  text.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(text.value)) {
      chip.setAttribute("fill", text.value);
      picker.value = text.value;
    }
  });
}

const form = document.querySelector("[data-draft]");
const frame = document.querySelector("[data-preview]");
const state = document.querySelector("[data-draft-state]");
let timer = 0;
let sending = null;

async function keep() {
  sending?.abort();
  sending = new AbortController();
  const body = new FormData(form);
  // Files are sent with the button: they are read once, and a drawing is looked at before it is kept.
  for (const input of form.querySelectorAll("input[type=file]")) body.delete(input.name);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: sending.signal });
    state.textContent = answer.ok ? state.dataset.kept : state.dataset.wrong;
    if (answer.ok && frame) {
      const url = new URL(frame.src);
      url.searchParams.set("v", String(Date.now()));
      frame.src = url.href;
    }
  } catch (error) {
    if (error.name !== "AbortError") state.textContent = "";
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(keep, PAUSE);
});
form?.addEventListener("submit", () => {
  clearTimeout(timer);
  sending?.abort();
});
