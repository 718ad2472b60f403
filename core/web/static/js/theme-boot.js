// Runs before the first paint, so that a chosen theme never flashes in from the other one.
try {
  const choice = localStorage.getItem("portico-theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.bsTheme = choice;
} catch { /* storage refused: the device decides */ }
