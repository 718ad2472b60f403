// Pages of accounts work without this; with it passwords can be shown and passkeys used.
for (const button of document.querySelectorAll("[data-show-password]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.showPassword);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
}

const send = async (url, body, csrf) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error || data.detail || "");
  return data;
};

const ceremony = async (box) => {
  const { options, finish, csrf, next } = box.dataset;
  const asked = await send(options, { next: next || "/" }, csrf);
  const registering = box.dataset.passkey === "register";
  const credential = registering
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  const done = await send(finish, credential.toJSON(), csrf);
  location.assign(done.next || "/");
};

const able = window.PublicKeyCredential
  && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;
for (const box of document.querySelectorAll("[data-passkey]")) {
  if (!able) continue;
  box.hidden = false;
  const button = box.querySelector("button");
  const status = box.querySelector('[role="status"]');
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = "";
    try {
      await ceremony(box);
    } catch (error) {
      status.textContent = error.name === "NotAllowedError" ? "" : error.message;
    } finally {
      button.disabled = false;
    }
  });
}
