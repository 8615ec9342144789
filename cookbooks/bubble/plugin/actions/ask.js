async function(properties, context) {
  // All of this goes into the code box of the action. Built by build.py from parts/: edit there.
  const FACTS = {"service": "https://api.ai.cloud-temple.com/v1", "prices": {"since": "2026-05-17", "prompt": 1800, "completion": 8000, "reasoning": 8000, "audio_minute": 10000}, "defaults": {"chat": "gpt-oss:120b", "embedding": "bge-m3:567m", "transcription": "mlx-community/whisper-large-v3-mlx"}, "successors": {"cogito:32b": "qwen3.6:27b", "devstral-small-2:24b": "mistral-small4:119b", "devstral:24b": "mistral-small4:119b", "gemma3:27b": "gemma4:31b", "gemma4:e2b": "gemma4:31b", "gemma4:e4b": "gemma4:31b", "glm-4.7-flash:30b": "nemotron-3-super:120b", "gpt-oss:20b": "gpt-oss:120b", "granite3-guardian:2b": "granite4.1-guardian:8b", "ministral-3:14b": "mistral-small4:119b", "ministral-3:3b": "mistral-small4:119b", "ministral-3:8b": "mistral-small4:119b", "mistral-small3.2:24b": "mistral-small4:119b", "nemotron-cascade:30b": "nemotron-3-super:120b", "nemotron3-nano:30b": "nemotron-3-super:120b", "qwen3-2507-gptq:235b": "qwen3-vl:235b", "qwen3-coder:30b": "qwen3.6:35b", "qwen3-omni:30b": "qwen3.6:35b", "qwen3-vl:2b": "qwen3-vl:4b", "qwen3-vl:32b": "qwen3-vl:30b", "qwen3-vl:8b": "qwen3-vl:30b", "qwen3:0.6b": "qwen3.6:35b", "qwen3:235b": "qwen3-vl:235b", "qwen3:30b-a3b": "qwen3.6:35b", "translategemma:12b": "translategemma:27b", "translategemma:4b": "translategemma:27b"}, "thinking": {"less": [{"name_holds": "qwen", "send": {"enable_thinking": false}}, {"name_holds": "gpt-oss", "send": {"reasoning_effort": "low"}}]}, "longest_answer_tokens": 4096};

  const key = context.keys['LLMaaS API key'];

  /** The service's address ending in /v1, however it was typed. */
  const address = () => {
    const typed = (context.keys['Base URL'] || '').trim() || FACTS.service;
    const url = new URL(typed.includes('://') ? typed : `https://${typed}`);
    const isHere = /^(localhost|127\.0\.0\.1)$/.test(url.hostname);
    if (url.protocol !== 'https:' && !isHere) throw new Error('The base URL must begin with https://.');
    return `${url.origin}${url.pathname.replace(/(\/v1)?\/*$/, '')}/v1`;
  };

  const WAIT_SECONDS = 140; // Bubble repeats a workflow step of 150 seconds: it would be paid twice

  const send = async (path, body, model) => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${address()}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, ...(isForm ? {} : { 'content-type': 'application/json' }) },
      body: isForm || !body ? body : JSON.stringify(body),
      redirect: 'error', // the key stays at this address
      signal: AbortSignal.timeout(1000 * (Number(context.keys['Wait (seconds)']) || WAIT_SECONDS)),
    }).catch((problem) => {
      throw new Error(`LLMaaS could not be reached, or took too long: ${problem.cause || problem}`);
    });
    const text = await response.text();
    if (!response.ok) throw new Error(refusal(response, text, model));
    return { ...parsed(text), requestId: response.headers.get('x-request-id') };
  };

  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error('What answered is not LLMaaS: check the base URL.');
    }
  };

  const refusal = (response, text, model) => {
    const said = message(text).split(key).join('***');
    const { status } = response;
    const next = FACTS.successors[model];
    if (status === 401) return 'LLMaaS refused the API key: put a valid one into the settings of the plugin.';
    if (status === 404 || (status === 400 && /model.*(not found|does not exist)/i.test(said))) {
      const advice = next ? `${next} took its place.` : `${FACTS.defaults.chat} has long-term support.`;
      return `LLMaaS no longer has the model ${model}. ${advice} (${said})`;
    }
    if (status === 403 && /blocked/i.test(said)) return `The security check of LLMaaS blocked this text. (${said})`;
    if (status === 429) {
      const wait = response.headers.get('retry-after');
      return `The LLMaaS limit of your tier is reached: run the workflow again ${wait ? `in ${wait} seconds` : 'in a minute'}.`;
    }
    if (status >= 500) return `LLMaaS could not answer just now (${status}): try again later.`;
    return `LLMaaS did not accept this (${status}): ${said}`;
  };

  const message = (text) => {
    try {
      const data = JSON.parse(text);
      const detail = data.detail === undefined ? data : data.detail;
      const error = detail.error === undefined ? detail : detail.error;
      return String(typeof error === 'string' ? error : error.message || 'no message').slice(0, 300);
    } catch {
      return text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 200);
    }
  };

  const eur = (thousandths) => Math.floor((thousandths + 500) / 1000) / 1000000;

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

  const { instructions, question } = properties;
  const system = instructions ? [{ role: 'system', content: instructions }] : [];
  return await ask([...system, { role: 'user', content: question }], {}, 'model');
}
