const DATA = /*DATA*/null;
const R = DATA.results;
/*DOM*/
const count = value => value === null || value === undefined ? "–" : Number(value).toLocaleString("en-US");
const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");
/* A number of results.json: the raw value stays with it, so that a test can compare. */
function value(key, show) {
  const raw = key.split(".").reduce((at, part) => at === null || at === undefined ? at : at[part], R);
  return h("span", { "data-key": key, "data-value": JSON.stringify(raw === undefined ? null : raw) }, (show || count)(raw));
}

/* Verdict first. */
const WORD = R.valid === true ? "valid" : R.valid === false ? "invalid" : "unknown";
const SIGN = { valid: "M5 16l7 7L26 8", invalid: "M7 7l18 18M25 7L7 25", unknown: "M10 11c0-9 13-8 12 0-1 5-6 4-6 10M16 26v1" };
const tally = word => R.checks.filter(check => check.verdict === word).length;
const passed = () => WORD === "valid" ? "All " + R.checks.length + " checks passed."
  : tally("valid") + " of " + R.checks.length + " checks passed, " + tally("invalid") + " failed, " + tally("unknown") + " could not be decided.";
const seal = () => h("div", { class: "seal" }, s("svg", { viewBox: "0 0 32 32", fill: "none", stroke: "currentColor", "stroke-width": 3.6,
  "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" }, s("path", { d: SIGN[WORD] })));
