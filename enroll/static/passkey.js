/* Asks the browser for a passkey and sends its answer (W3C WebAuthn level 3, 5.1.8 and 5.1.9). */
"use strict";
(async () => {
  const form = document.querySelector("form[data-passkey]");
  const options = JSON.parse(form.dataset.options);
  try {
    const key = form.dataset.passkey === "create"
      ? await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})
      : await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)});
    const answer = key.toJSON();
    answer.extensions = JSON.stringify(key.getClientExtensionResults());
    form.elements.credential.value = JSON.stringify(answer);
    form.submit();
  } catch {
    document.getElementById("passkey-error").hidden = false;
  }
})();
