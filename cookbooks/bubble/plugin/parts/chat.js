/** Parameters that make a model think less, where that is known to be safe. */
const thinkingLess = (model) => {
  const name = `${model} ${FACTS.successors[model] || ''}`.toLowerCase();
  const rule = FACTS.thinking.less.find((one) => name.includes(one.name_holds));
  return rule ? rule.send : {};
};

/** Ask a model once; `usual` is how much it thinks where nothing was chosen. */
const ask = async (messages, more, usual) => {
  const model = properties.model || FACTS.defaults.chat;
  const body = {
    model,
    messages,
    max_tokens: properties.longest_answer || FACTS.longest_answer_tokens,
    ...((properties.thinking || usual) === 'less' ? thinkingLess(model) : {}),
    ...more,
  };
  return read(await send('/chat/completions', body, model));
};

const read = (data) => {
  const choice = data.choices && data.choices[0];
  if (!choice || !choice.message) throw new Error('LLMaaS gave no answer.');
  const { text, reasoning } = split(choice.message);
  const truncated = choice.finish_reason === 'length';
  if (!text) {
    throw new Error(
      truncated
        ? 'The model thought until its budget was used up and said nothing: raise the longest answer, or choose less thinking.'
        : 'The model said nothing.',
    );
  }
  const machine = (data.backend && data.backend.machine_name) || '';
  return { text, reasoning, truncated, model: data.model, ...cost(data.usage), machine, request_id: data.requestId };
};

/** Reasoning comes in a field of its own, or inside the text before </think>. */
const split = ({ content, reasoning_content, reasoning }) => {
  const apart = reasoning_content || reasoning || '';
  const inline = /^\s*(?:<think>)?([\s\S]*?)<\/think>/.exec(content || '');
  if (!inline) return { text: (content || '').trim(), reasoning: apart.trim() };
  return { text: content.slice(inline[0].length).trim(), reasoning: (apart || inline[1]).trim() };
};

/** Unknown (null), not free, where the service told no usage. */
const cost = (usage) => {
  if (!usage) return { tokens: null, cost_eur: null };
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage;
  const thought = usage.reasoning_tokens ?? (usage.completion_tokens_details || {}).reasoning_tokens ?? 0;
  const inside = total === input + output + thought ? 0 : Math.min(thought, output);
  const { prices } = FACTS;
  const beside = inside ? 0 : thought;
  const written = (output - inside) * prices.completion + (inside + beside) * prices.reasoning;
  return { tokens: total, cost_eur: eur(input * prices.prompt + written) };
};
