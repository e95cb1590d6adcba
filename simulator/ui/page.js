// The page's language, and number fields that say in it why they refuse a value: the browser and
// the frame of the page say so in their own language. PAGE is put in by shell.py.
(() => {
  const page = PAGE;
  document.documentElement.lang = page.lang;
  window.cusPage = page;
  const tell = (field) => {
    const box = field.closest('[data-testid="stNumberInput"]');
    if (!box) return;
    if (field.getAttribute("aria-invalid") !== "true") {
      if (box.dataset.cusRefused) {
        delete box.dataset.cusRefused;
        field.removeAttribute("title");
      }
      return;
    }
    const words = window.cusPage.refused.replace("LOW", field.min).replace("HIGH", field.max);
    if (box.dataset.cusRefused !== words) box.dataset.cusRefused = words;
    if (field.title !== words) field.title = words;
    const spoken = box.querySelector('[role="alert"]');
    if (spoken && spoken.firstChild && spoken.firstChild.nodeValue !== words) {
      spoken.firstChild.nodeValue = words;
    }
  };
  const all = () => document.querySelectorAll('[data-testid="stNumberInputField"]').forEach(tell);
  if (!window.cusFields) {
    window.cusFields = new MutationObserver(all);
    window.cusFields.observe(document.body, {
      subtree: true, attributes: true, attributeFilter: ["aria-invalid"],
    });
  }
  all();
})();
