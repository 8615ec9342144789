'use strict';

const { prices } = require('./facts');

const EMPTY = { input_tokens: null, output_tokens: null, reasoning_tokens: null, cost_eur: null };

/** Return tokens and cost of a chat; unknown (null), not free, where the service told no usage. */
const ofChat = (usage) => {
  if (!usage || usage.prompt_tokens === undefined) return EMPTY;
  const input = usage.prompt_tokens;
  const output = usage.completion_tokens || 0;
  const details = usage.completion_tokens_details || {};
  const thought = usage.reasoning_tokens ?? details.reasoning_tokens ?? 0;
  // Reasoning is a part of the output unless the total shows that it was counted beside it.
  const beside = thought && usage.total_tokens === input + output + thought ? thought : 0;
  const inside = beside ? 0 : Math.min(thought, output);
  const thousandths =
    input * prices.prompt + (output - inside) * prices.completion + (inside + beside) * prices.reasoning;
  return { input_tokens: input, output_tokens: output, reasoning_tokens: thought, cost_eur: eur(thousandths) };
};

/** Return the cost of reading tokens, which is what an embedding is taken to cost. */
const ofReading = (tokens) => (tokens === undefined ? null : eur(tokens * prices.prompt));

/** Return the cost of a recording: each started minute counts. */
const ofAudio = (seconds) => (Math.ceil(seconds / 60) * prices.audio_minute) / 1_000_000;

const eur = (thousandths) => Math.floor((thousandths + 500) / 1000) / 1_000_000;

module.exports = { ofChat, ofReading, ofAudio };
