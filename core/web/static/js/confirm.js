// Destructive acts: <form data-confirm="id of a dialog">. Without script the server asks on a page of its own.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  const dialog = document.getElementById(form.dataset.confirm);
  if (!(dialog instanceof HTMLDialogElement)) continue;
  let agreed = false;
  let submitter = null;
  // Capture: the question comes before anything else learns of the submission.
  form.addEventListener("submit", (event) => {
    if (agreed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    submitter = event.submitter;
    dialog.showModal();
  }, { capture: true });
  dialog.querySelector("[data-confirm-yes]")?.addEventListener("click", () => {
    agreed = true;
    dialog.close();
    const asked = form.querySelector("input[name=confirmed]");
    if (asked) asked.value = "yes";
    form.requestSubmit(submitter ?? undefined);
  });
  dialog.querySelector("[data-confirm-no]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { if (!agreed) submitter?.focus(); });
}
