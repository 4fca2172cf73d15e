// The theme: what the reader's system prefers, or what the reader chose here.
import { setText } from "./dom.js";

const button = document.getElementById("theme");
const root = document.documentElement;
const preferred = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : preferred.matches;
}

function name() {
  setText(button, isDark() ? "Light" : "Dark");
}

export function offerThemes() {
  button.hidden = false;
  name();
  preferred.addEventListener("change", name);
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    if ((theme === "dark") === preferred.matches) {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = theme;
      localStorage.setItem("theme", theme);
    }
    name();
  });
}
