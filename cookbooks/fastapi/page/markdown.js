// Renders Markdown as DOM nodes. No HTML is parsed: text only becomes text nodes, links are http(s)
// only, and images become links, so that an answer cannot run code or make the browser call a host.
"use strict";

const INLINE = /`+|\*\*|__|\*|(?<![\w])_|!?\[([^\]\n]{0,300})\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"\n]*")?\)|\\[!-/:-@[-`{-~]/g;
const SAFE_LINK = /^https?:\/\//i;

function node(tag, ...children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

function link(label, address) {
  if (!SAFE_LINK.test(address)) return document.createTextNode(label);
  const element = node("a", label || address);
  element.href = address;
  element.rel = "noopener noreferrer nofollow";
  element.target = "_blank";
  return element;
}

// Returns the nodes of a line: code, bold, italics, links.
function inline(text) {
  const nodes = [];
  let rest = 0;
  INLINE.lastIndex = 0;
  for (let match; (match = INLINE.exec(text)); ) {
    const found = styled(text, match);
    if (!found) continue;
    nodes.push(text.slice(rest, match.index), found.node);
    rest = INLINE.lastIndex = found.end;
  }
  nodes.push(text.slice(rest));
  return nodes;
}

function styled(text, match) {
  const [mark, label, address] = match, start = match.index + mark.length;
  if (address !== undefined) return { node: link(label, address), end: start };
  if (mark[0] === "\\") return { node: mark[1], end: start };
  const end = text.indexOf(mark, start);
  if (end <= start || /^\s/.test(text.slice(start))) return null;
  const inner = text.slice(start, end);
  if (mark[0] === "`") return { node: node("code", inner), end: end + mark.length };
  if (/\s$/.test(inner)) return null;
  const saved = end + mark.length, tag = mark.length === 2 ? "strong" : "em";
  return { node: node(tag, ...inline(inner)), end: saved };
}

function lines(texts) {
  return texts.flatMap((text, i) => (i ? [node("br"), ...inline(text)] : inline(text)));
}

function take(rows, wanted) {
  const taken = [];
  while (rows.length && wanted(rows[0])) taken.push(rows.shift());
  return taken;
}

const LIST = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/, FENCE = /^\s*(```+|~~~+)/, TABLE = /^\s*\|.*\|\s*$/;
const starts = (row) => /^\s*$|^#{1,6}\s|^\s*>|^\s*(---+|\*\*\*+)\s*$/.test(row) || [LIST, FENCE, TABLE].some((kind) => kind.test(row));

function list(rows) {
  const [, indent, mark] = rows[0].match(LIST), ordered = /\d/.test(mark);
  const box = node(ordered ? "ol" : "ul");
  if (ordered) box.start = parseInt(mark, 10);
  while (rows.length) {
    const item = rows[0].match(LIST);
    if (!item || item[1].length < indent.length) break;
    if (item[1].length === indent.length && /\d/.test(item[2]) !== ordered) break;
    if (item[1].length > indent.length) box.lastChild.append(list(rows));
    else {
      rows.shift();
      const more = take(rows, (row) => /^\s+\S/.test(row) && !LIST.test(row) && !FENCE.test(row));
      box.append(node("li", ...lines([item[3], ...more.map((row) => row.trim())])));
    }
    if (/^\s*$/.test(rows[0] ?? "x") && LIST.test(rows[1] ?? "")) rows.shift();
  }
  return box;
}

function table(rows) {
  const cells = (row) => row.trim().slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
  const [head, ...body] = rows.filter((row) => !/^[\s|:-]+$/.test(row));
  const line = (tag) => (row) => node("tr", ...cells(row).map((cell) => node(tag, ...inline(cell))));
  const box = node("div", node("table", node("thead", line("th")(head ?? "||")), node("tbody", ...body.map(line("td")))));
  box.className = "table";
  return box;
}

function block(rows) {
  const row = rows[0], fence = row.match(FENCE), heading = row.match(/^(#{1,6})\s+(.*?)\s*#*$/);
  if (fence) {
    rows.shift();
    const code = take(rows, (next) => !next.trim().startsWith(fence[1]));
    rows.shift();
    return node("pre", node("code", code.join("\n")));
  }
  if (heading) return rows.shift(), node(`h${Math.min(6, heading[1].length + 2)}`, ...inline(heading[2]));
  if (LIST.test(row)) return list(rows);
  if (TABLE.test(row)) return table(take(rows, (next) => TABLE.test(next)));
  if (/^\s*>/.test(row)) {
    const quoted = take(rows, (next) => /^\s*>/.test(next)).map((next) => next.replace(/^\s*> ?/, ""));
    return node("blockquote", ...blocks(quoted));
  }
  if (/^\s*(---+|\*\*\*+)\s*$/.test(row)) return rows.shift(), node("hr");
  return node("p", ...lines([rows.shift(), ...take(rows, (next) => !starts(next))]));
}

function blocks(rows) {
  const nodes = [];
  while (take(rows, (row) => /^\s*$/.test(row)), rows.length) nodes.push(block(rows));
  return nodes;
}

// Replaces the contents of an element by rendered Markdown, or by plain text if it is nested too deeply.
function renderMarkdown(element, text) {
  try {
    element.replaceChildren(...blocks(text.split(/\r?\n/)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    element.textContent = text;
  }
}
