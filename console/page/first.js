// Runs before the first paint: the page shows its live part, in the theme that the reader chose.
const root = document.documentElement;
root.classList.add("live");
const theme = localStorage.getItem("theme");
if (theme) root.dataset.theme = theme;
// If a script cannot be loaded, the tables are there.
addEventListener("error", (e) => { if (e.target.tagName === "SCRIPT") root.classList.remove("live"); }, true);
