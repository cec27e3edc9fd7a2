/* Large text: a switch whose place this browser remembers; it says nothing about anybody. */

const KEY = "large-text";
const button = document.getElementById("large");

function read() {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch (error) {
    return false; // storage is switched off
  }
}

function apply(isLarge) {
  document.documentElement.classList.toggle("is-large", isLarge);
  button.setAttribute("aria-pressed", String(isLarge));
}

button.hidden = false;
button.addEventListener("click", () => {
  const isLarge = !document.documentElement.classList.contains("is-large");
  apply(isLarge);
  try {
    if (isLarge) localStorage.setItem(KEY, "on");
    else localStorage.removeItem(KEY);
  } catch (error) {
    // It holds for this page alone.
  }
});
apply(read());
