// The headings of a text table, to choose from: a guess, as only the service reads tables.

const ENOUGH = 1 << 16;
const SEPARATORS = ["\t", ";", "|", ","];

export async function headings(file) {
  if (!/\.(csv|tsv|txt)$/i.test(file.name)) return [];
  const [line] = (await file.slice(0, ENOUGH).text()).split(/\r?\n/);
  const separator = SEPARATORS.find((each) => line.includes(each));
  return line.split(separator).map((name) => name.trim().replace(/^"(.*)"$/, "$1")).filter(Boolean);
}
