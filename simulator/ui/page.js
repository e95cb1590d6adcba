// The page's language, and number fields that say in it why they refuse a value: the browser and
// the frame of the page say so in their own language. An entry that is empty or no whole number is
// taken back before the frame reads it, which would make the least value of nothing and 1 of 1e3.
// PAGE is put in by shell.py.
(() => {
  const page = PAGE;
  document.documentElement.lang = page.lang;
  window.cusPage = page;
  const tell = (field) => {
    const box = field.closest('[data-testid="stNumberInput"]');
    if (!box) return;
    if (field.getAttribute("aria-invalid") !== "true") {
      if (box.dataset.cusRefused && !box.dataset.cusKept) {
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
  const isField = (e) => e.matches && e.matches('[data-testid="stNumberInputField"]');
  const entryBegins = (event) => {
    const field = event.target;
    if (!isField(field)) return;
    if (field.cusBefore === undefined) field.cusBefore = field.value;
    const box = field.closest('[data-testid="stNumberInput"]');
    if (!box || !box.dataset.cusKept) return;
    delete box.dataset.cusKept;
    delete box.dataset.cusRefused;
    field.removeAttribute("title");
  };
  const spoken = () => {
    const made = document.getElementById("cus-refused") || document.createElement("div");
    if (!made.id) {
      made.id = "cus-refused";
      made.className = "cus-spoken";
      made.setAttribute("role", "alert");
      document.body.append(made);
    }
    return made;
  };
  const entryEnds = (event) => {
    const field = event.target;
    if (!isField(field)) return;
    const before = field.cusBefore;
    delete field.cusBefore;
    if (before === undefined || /^[+-]?\d+$/.test(field.value)) return;
    // The way the browser itself sets a value, so that the frame hears of it as of one typed.
    const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    own.set.call(field, "");
    own.set.call(field, before);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const words = window.cusPage.unreadable;
    const box = field.closest('[data-testid="stNumberInput"]');
    box.dataset.cusKept = box.dataset.cusRefused = field.title = words;
    spoken().textContent = words;
  };
  const keyed = (event) => {
    if (["Enter", "ArrowUp", "ArrowDown"].includes(event.key)) entryEnds(event);
  };
  if (!window.cusFields) {
    document.addEventListener("beforeinput", entryBegins, true);
    document.addEventListener("focusout", entryEnds, true);
    document.addEventListener("keydown", keyed, true);
    window.cusFields = new MutationObserver(all);
    window.cusFields.observe(document.body, {
      subtree: true, attributes: true, attributeFilter: ["aria-invalid"],
    });
  }
  all();
})();
