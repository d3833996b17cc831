// Code and tables that are wider than the page scroll; the keyboard must reach them.
const markScrollable = () => {
  for (const box of document.querySelectorAll("pre, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
};
addEventListener("DOMContentLoaded", markScrollable);
addEventListener("load", markScrollable);
addEventListener("resize", markScrollable);
