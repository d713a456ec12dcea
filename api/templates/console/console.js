// Everything works without this file; with it, some things take fewer steps.
"use strict";
// A form that is on its way is not sent again by a second click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  const question = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
// Shown again from the browser's memory, the form may be sent again; its key makes that harmless.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
// data-all="NAME": ticks or unticks every box of that name in the same form.
document.addEventListener("change", (event) => {
  const name = event.target.dataset && event.target.dataset.all;
  if (!name) return;
  for (const box of event.target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
});
// data-copy="ID": copies the text of that element.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(from.value === undefined ? from.textContent : from.value);
  button.textContent = button.dataset.copied || button.textContent;
});
// data-refresh="SECONDS": the part is read again until the server sends it without that attribute.
async function refresh(part) {
  const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh) return;
  part.replaceWith(fresh);
  follow(fresh);
}
function follow(part) {
  const seconds = Number(part.dataset.refresh);
  if (seconds > 0) window.setTimeout(() => refresh(part), seconds * 1000);
}
for (const part of document.querySelectorAll("[data-refresh]")) follow(part);
