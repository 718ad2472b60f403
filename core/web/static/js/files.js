// input[type=file][data-most]: says at once that a file is too large, and does not send what would come back refused.
// The server decides all the same; without this it answers with a page.
for (const form of new Set([...document.querySelectorAll("input[type=file][data-most]")].map((input) => input.form))) {
  if (!form) continue;
  const inputs = [...form.querySelectorAll("input[type=file][data-most]")];
  const size = (input) => [...input.files].reduce((sum, file) => sum + file.size, 0);
  const note = (input) => document.getElementById(input.dataset.note);

  const look = () => {
    const whole = inputs.reduce((sum, input) => sum + size(input), 0);
    let wrong;
    for (const input of inputs) {
      const each = [...input.files].some((file) => file.size > Number(input.dataset.most));
      const all = size(input) > 0 && whole > Number(input.dataset.mostTogether);
      const box = note(input);
      const words = each ? box.dataset.each : all ? box.dataset.all : "";
      if (box.textContent !== words) box.textContent = words;
      box.hidden = !words;
      if (words) wrong ??= input;
    }
    return wrong;
  };
  form.addEventListener("change", look);
  form.addEventListener("submit", (event) => {
    const wrong = look();
    if (!wrong) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong.focus();
  }, { capture: true });
}
