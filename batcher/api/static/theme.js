// Before the page is drawn, so that it never flashes: light or dark as chosen here, else as the system has it.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
