// Not a module: an origin of its own may load none. Becomes the page that it is sent, under the policy it came with.
addEventListener("message", ({ source, data }) => {
  if (source !== parent) return;
  document.open();
  document.write(data);
  document.close();
});
