// Passkeys: <… data-passkey="register|sign-in" data-options-url data-verify-url data-next>. The server speaks WebAuthn JSON.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const described = (list) => (list ?? []).map((c) => ({ ...c, id: bytes(c.id) }));

function creation(o) {
  return { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: described(o.excludeCredentials) };
}

function request(o) {
  return { ...o, challenge: bytes(o.challenge), allowCredentials: described(o.allowCredentials) };
}

function plain(credential) {
  const { response } = credential;
  const out = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    out.attestationObject = text(response.attestationObject);
    out.transports = response.getTransports?.() ?? [];
  } else {
    out.authenticatorData = text(response.authenticatorData);
    out.signature = text(response.signature);
    out.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: out,
    authenticatorAttachment: credential.authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function post(box, url, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": box.dataset.csrf };
  const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(body) });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.detail || box.dataset.failed);
  return data;
}

for (const box of document.querySelectorAll("[data-passkey]")) {
  if (!globalThis.PublicKeyCredential) {
    box.querySelector("[data-passkey-absent]")?.removeAttribute("hidden");
    continue;
  }
  const button = box.querySelector("button");
  const says = box.querySelector("[role=status]");
  box.hidden = false;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    says.textContent = box.dataset.waiting;
    try {
      const options = await post(box, box.dataset.optionsUrl, {});
      const publicKey = options.publicKey ?? options;
      const made = box.dataset.passkey === "register"
        ? await navigator.credentials.create({ publicKey: creation(publicKey) })
        : await navigator.credentials.get({ publicKey: request(publicKey) });
      const name = box.querySelector("input[name=passkey_name]")?.value;
      const done = await post(box, box.dataset.verifyUrl, { credential: plain(made), name, next: box.dataset.next });
      location.assign(done.next ?? box.dataset.next);
    } catch (error) {
      // Closing the browser's own dialog is no failure; saying so would only alarm.
      says.textContent = error.name === "NotAllowedError" ? box.dataset.stopped : error.message || box.dataset.failed;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
