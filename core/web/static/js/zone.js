// Times are in the zone that the page names. Say so where the device lives in another one.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const offset = (zone) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts().find((p) => p.type === "timeZoneName")?.value;
  } catch {
    return undefined;
  }
};
for (const note of document.querySelectorAll("[data-zone-note]")) {
  const theirs = offset(note.dataset.zoneNote);
  if (here && theirs && offset(here) !== theirs) {
    const city = note.querySelector("[data-zone-here]");
    if (city) city.textContent = here.split("/").pop().replaceAll("_", " ");
    note.hidden = false;
  }
}
