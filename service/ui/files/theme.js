// Not a module: the theme stands before the first paint.
(function () {
  const root = document.documentElement;

  function chosen() {
    try { return localStorage.getItem("theme") ?? "auto"; } catch { return "auto"; }
  }

  function keep(theme) {
    try { localStorage.setItem("theme", theme); } catch { /* private windows may forbid it */ }
  }

  function apply(theme) {
    root.dataset.theme = theme;
    dispatchEvent(new CustomEvent("themechange"));
  }

  apply(chosen());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(root.dataset.theme));
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.getElementById("theme");
    select.value = chosen();
    select.addEventListener("change", () => { keep(select.value); apply(select.value); });
  });
})();
