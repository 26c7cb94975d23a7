// The API key lives as long as the tab does.

const NAME = "api-key";
const dialog = document.getElementById("key");
const input = document.getElementById("key-value");
const forget = document.getElementById("forget");
let asking = null;

export function storedKey() {
  return sessionStorage.getItem(NAME);
}

// Ask once, however many requests were refused; true if there is a new key to try.
export function askForKey() {
  asking ??= opened().finally(() => { asking = null; });
  return asking;
}

function opened() {
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "use" && keep(input.value.trim())), { once: true });
  });
}

function keep(key) {
  if (!/^[\x21-\x7e]+$/.test(key)) return false;
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
