// Numbers and names as people read them.

const CRITERIA = {
  knee: "Knee of inertia", silhouette: "Silhouette", ward_silhouette: "Ward silhouette",
  calinski_harabasz: "Caliński-Harabasz", davies_bouldin: "Davies-Bouldin", gap: "Gap", gap_pca: "Gap (PCA box)",
  prediction_strength: "Prediction strength", bootstrap_stability: "Bootstrap stability", valley_depth: "Valley depth",
  dip: "Dip", g_means: "G-means", mixture_bic: "BIC of mixtures", mixture_icl: "ICL of mixtures",
  dendrogram_gap: "Gap of the dendrogram",
};
const METRICS = {
  silhouette: ["Silhouette", "1: segments lie far apart; 0: they touch"],
  replication: ["Replication", "1: half of the customers teach the same segments"],
  assignment_agreement: ["Agreement", "customers whose segment is what the tree says"],
  exact_ratio: ["Exact ratio", "1: as compact as the exact tree's segments"],
  davies_bouldin: ["Davies-Bouldin", "lower is better"],
  calinski_harabasz: ["Caliński-Harabasz", "higher is better"],
  inertia: ["Inertia", "spread within segments, in prepared units"],
};

export function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const rounded = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
  return new Intl.NumberFormat("en", rounded).format(value);
}

export function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function percent(share) {
  return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 }).format(share);
}

export function cell(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? number(value, 6) : String(value);
}

export function moment(text) {
  return new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

export function criterion(name) {
  return CRITERIA[name] ?? spoken(name);
}

export function metrics(found) {
  const known = Object.keys(METRICS).filter((name) => name in found);
  const others = Object.keys(found).filter((name) => !(name in METRICS));
  return [...known, ...others].map((name) => [...(METRICS[name] ?? [spoken(name), ""]), found[name]]);
}

export function algorithm({ name, linkage }) {
  return name === "kmeans" ? "K-Means" : `a ${linkage} tree`;
}

export function spoken(name) {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function stability(value) {
  if (value === null) return null;
  const word = value >= 0.85 ? "Highly stable" : value >= 0.75 ? "Stable" : value >= 0.6 ? "Not sure to be stable" : "Not stable";
  return `${word} (${value.toFixed(2)})`;
}

export function nameFrom(file) {
  const plain = file.replace(/\.[^.]*$/, "").normalize("NFKD").toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/-+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return (plain || "customers").slice(0, 63);
}
