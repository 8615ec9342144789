'use strict';

const facts = require('./facts');
const money = require('./money');
const { plain } = require('./errors');

const CLOSED = /^\s*(?:<think>)?([\s\S]*?)<\/think>(?!["'`»])/;
const NEVER_CLOSED = /^\s*<think>([\s\S]*)$/;

/** Read a chat completion: what is said, what was thought, what it cost, who answered. */
const read = (z, { data, requestId }, asked) => {
  const choice = data.choices && data.choices[0];
  if (!choice || !choice.message) throw plain(z, 'The answer of LLMaaS is empty.', 'empty_answer', 200);
  const { text, reasoning } = split(choice.message, asked);
  if (!text) throw plain(z, why(choice.finish_reason, reasoning), 'empty_answer', 200);
  return {
    text,
    reasoning,
    truncated: choice.finish_reason === 'length',
    model: data.model || asked,
    ...money.ofChat(data.usage),
    machine: (data.backend && data.backend.machine_name) || null,
    request_id: requestId,
  };
};

/** Take reasoning out of the text, in whichever of its three shapes it came. */
const split = (message, model) => {
  const apart = message.reasoning_content || message.reasoning || '';
  const content = message.content || '';
  const inline = matched(content, model);
  if (!inline) return { text: content.trim(), reasoning: apart.trim() };
  const text = content.slice(inline[0].length).trim();
  return { text, reasoning: (apart || inline[1]).trim() };
};

const matched = (content, model) => {
  const opened = /^\s*<think>/.test(content);
  const known = facts.of(model);
  if (!opened && known && known.reasoning === false) return null; // it only quotes the tag
  return CLOSED.exec(content) || NEVER_CLOSED.exec(content);
};

const why = (finish, reasoning) =>
  finish === 'length' && reasoning
    ? 'The model thought until its budget was used up and said nothing: raise "Longest answer", or choose less thinking.'
    : 'The model said nothing.';

module.exports = { read, split };
