// Sends a question, reads the events of the answer as they come, and shows them.
// What the model says is only ever put in as text, never as HTML.
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
  return { box, thought, reasoning: add(thought, "div", ""), text: add(box, "div", "text") };
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
    answer.text.textContent += data.text;
  },
  done(answer, data) {
    const usage = data.usage, parts = [data.model];
    if (usage) parts.push(`${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`);
    if (data.cost_eur !== null) parts.push(`${data.cost_eur.toFixed(6)} EUR`);
    if (data.energy_kwh_estimate) parts.push(`${data.energy_kwh_estimate.toFixed(6)} kWh (estimate)`);
    parts.push(`${data.remaining_eur.toFixed(4)} EUR left`);
    if (data.backend) parts.push(data.backend.machine_name);
    if (data.empty_because) problem(answer, data.empty_because);
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
    if (!response.ok) show.error(answer, await response.json());
    else for await (const [name, data] of events(response)) show[name](answer, data);
  } catch (failure) {
    problem(answer, failure.name === "AbortError" ? "Stopped." : "The connection broke.");
  }
  if (answer.text.textContent) {
    history.push({ role: "user", content: question });
    history.push({ role: "assistant", content: answer.text.textContent });
  }
  answer.box.classList.remove("running");
  byId("stop").hidden = true;
  byId("send").disabled = false;
}

byId("stop").addEventListener("click", () => running.abort());
byId("form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  if (byId("send").disabled) return;
  const field = byId("question"), question = field.value;
  add(byId("log"), "div", "question", question);
  field.value = "";
  ask(question);
});
