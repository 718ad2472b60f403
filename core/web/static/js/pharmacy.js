// The symbol on a proof leads here with the code behind a "#", which no server is sent. It goes into the field and out of
// the address, so that neither the history nor a look at the screen keeps it.
const door = document.querySelector("[data-pharmacy-door]");
const field = door?.querySelector("#f-code");
const code = decodeURIComponent(location.hash.slice(1));
if (field && /^[0-9A-Za-z-]{18,24}$/.test(code)) {
  field.value = code.replace(/-/g, "").replace(/(.{6})(?=.)/g, "$1-");
  history.replaceState(null, "", location.pathname);
  door.querySelector("#f-place")?.focus();
}
