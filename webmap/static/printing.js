/* A page of text: its button to print, which stands there only where scripts run. */

const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
