// Passkeys: asks the server for a question, lets the browser answer it, posts the answer as a form.
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials || !window.isSecureContext) return;

  const toBytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };
  const toText = (buffer) => {
    if (!buffer) return undefined;
    let plain = "";
    new Uint8Array(buffer).forEach((byte) => { plain += String.fromCharCode(byte); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const described = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

  function forBrowser(kind, options) {
    const made = { ...options, challenge: toBytes(options.challenge) };
    if (kind === "create") {
      made.user = { ...options.user, id: toBytes(options.user.id) };
      made.excludeCredentials = described(options.excludeCredentials);
    } else {
      made.allowCredentials = described(options.allowCredentials);
    }
    return { publicKey: made };
  }

  function forServer(credential) {
    const said = credential.response;
    const response = { clientDataJSON: toText(said.clientDataJSON) };
    if (said.attestationObject) {
      response.attestationObject = toText(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = toText(said.authenticatorData);
      response.signature = toText(said.signature);
      response.userHandle = toText(said.userHandle);
    }
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
    });
  }

  async function question(form) {
    const token = form.querySelector('[name="csrf_token"]').value;
    const answer = await fetch(form.dataset.options, { method: "POST", headers: { "X-CSRFToken": token } });
    const json = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    if (!json) throw new Error("");
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.message);
    return body;
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const status = form.querySelector("[data-passkey-status]");
    const kind = form.dataset.passkey;
    form.hidden = false;
    document.querySelectorAll("[data-passkey-missing]").forEach((note) => { note.hidden = true; });
    let answered = false;
    form.addEventListener("submit", async (event) => {
      if (answered) return;
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      status.hidden = true;
      try {
        const options = forBrowser(kind, await question(form));
        const credential = await navigator.credentials[kind](options);
        form.elements.answer.value = forServer(credential);
        answered = true;
        form.submit();
      } catch (error) {
        const known = error.name === "InvalidStateError" && status.dataset.known;
        const ours = error.constructor === Error && error.message;
        status.textContent = known || ours || status.dataset.cancelled;
        status.hidden = false;
        button.disabled = false;
      }
    });
  });
})();
