// The API key lives as long as the tab does.

const NAME = "api-key";
const dialog = document.getElementById("key");
const input = document.getElementById("key-value");
const forget = document.getElementById("forget");
const reason = document.getElementById("key-reason");
const NEEDED = "This service asks for a key.";
const UNKNOWN = "The key that this tab uses is not known here, or not any more.";
const NOT_ENOUGH = "The key that this tab uses does not allow this.";
let asking = null;

export function storedKey() {
  return sessionStorage.getItem(NAME);
}

// Ask once, however many requests were refused; true if there is a new key to try.
export function askForKey(why = storedKey() ? UNKNOWN : NEEDED) {
  asking ??= opened(why).finally(() => { asking = null; });
  return asking;
}

// Put another key in the place of one that may not do what was asked.
export async function changeKey() {
  if (await askForKey(NOT_ENOUGH)) location.reload();
}

function opened(why) {
  reason.textContent = why;
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "use" && keep(input.value.trim())), { once: true });
  });
}

function keep(key) {
  sessionStorage.setItem(NAME, key);
  input.value = "";
  forget.hidden = false;
  return true;
}

forget.hidden = !storedKey();
forget.addEventListener("click", () => {
  sessionStorage.removeItem(NAME);
  location.reload();
});
