// Sends a question, reads the events of the answer as they come, and shows them.
"use strict";

const byId = (id) => document.getElementById(id);
const history = [];
let running = null;

function add(parent, tag, name, text = "") {
  const element = parent.appendChild(document.createElement(tag));
  element.className = name;
  element.textContent = text;
  return element;
}

function newAnswer() {
  const box = add(byId("log"), "div", "answer running");
  const thought = add(box, "details", "thought");
  thought.hidden = true;
  add(thought, "summary", "", "Reasoning");
  return { box, thought, reasoning: add(thought, "div", ""), text: add(box, "div", "text"), raw: "" };
}

// Keeps the end in view, unless the reader has scrolled up. 100: pixels of a line and a margin.
function follow(change) {
  const page = document.documentElement, atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 100;
  change();
  if (atEnd) page.scrollTop = page.scrollHeight;
}

// Renders at most once per frame, however many fragments arrive.
function draw(answer) {
  answer.frame ??= requestAnimationFrame(() => {
    answer.frame = null;
    follow(() => renderMarkdown(answer.text, answer.raw));
  });
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const [, name, data] = block.match(/^event: (.*)\ndata: (.*)$/s);
      yield [name, JSON.parse(data)];
    }
  }
}

const show = {
  reasoning(answer, data) {
    answer.thought.hidden = false;
    answer.thought.open = true;
    answer.reasoning.textContent += data.text;
  },
  text(answer, data) {
    answer.thought.open = false;
    answer.raw += data.text;
    draw(answer);
  },
  done(answer, data) {
    const usage = data.usage, parts = [data.model];
    if (usage) parts.push(`${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`);
    if (data.cost_eur !== null) parts.push(`${data.cost_eur.toFixed(6)} EUR`);
    if (data.energy_kwh_estimate) parts.push(`${data.energy_kwh_estimate.toFixed(6)} kWh (estimate)`);
    parts.push(`${data.remaining_eur.toFixed(4)} EUR left`);
    if (data.backend) parts.push(data.backend.machine_name);
    if (data.empty_reason) problem(answer, data.empty_reason);
    add(answer.box, "div", "bill", parts.join(" · "));
  },
  error(answer, data) {
    const error = data.error;
    problem(answer, [`${error.type} (${error.code}): ${error.message}`, error.hint].filter(Boolean).join(" "));
  },
};

function problem(answer, text) {
  add(answer.box, "div", "problem", text);
}

async function ask(question) {
  const answer = newAnswer();
  running = new AbortController();
  byId("stop").hidden = false;
  byId("send").disabled = true;
  try {
    const response = await fetch("chat", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${byId("token").value}` },
      body: JSON.stringify({ question, history }),
      signal: running.signal,
    });
    if (!response.ok) {
      const refusal = await response.json();
      follow(() => show.error(answer, refusal));
    } else for await (const [name, data] of events(response)) follow(() => show[name](answer, data));
  } catch (failure) {
    problem(answer, failure.name === "AbortError" ? "Stopped." : "The connection broke.");
  }
  if (answer.raw) {
    renderMarkdown(answer.text, answer.raw);
    history.push({ role: "user", content: question });
    history.push({ role: "assistant", content: answer.raw });
  }
  answer.box.classList.remove("running");
  byId("stop").hidden = true;
  byId("send").disabled = false;
}

function send(question) {
  if (byId("send").disabled || !question.trim()) return;
  byId("intro").hidden = true;
  add(byId("log"), "div", "question", question);
  document.documentElement.scrollTop = document.documentElement.scrollHeight;
  ask(question);
}

// Says who answers. Only the embedded sandbox announces a token, that of a demo user.
async function introduce() {
  const about = await (await fetch("about")).json();
  byId("about").textContent = `Answered by ${about.answered_by}.` + (about.note ? ` ${about.note}` : "");
  if (about.demo_token && !byId("token").value) byId("token").value = about.demo_token;
}

byId("stop").addEventListener("click", () => running.abort());
byId("examples").addEventListener("click", (clicked) => {
  if (clicked.target instanceof HTMLButtonElement) send(clicked.target.textContent);
});
byId("form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const field = byId("question"), question = field.value;
  if (byId("send").disabled) return;
  field.value = "";
  send(question);
});
introduce().catch(() => {});
