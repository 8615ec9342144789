async function(properties, context) {
  // All of this goes into the code box of the action. Built by build.py from parts/: edit there.
  const FACTS = {"service": "https://api.ai.cloud-temple.com/v1", "prices": {"since": "2026-05-17", "prompt": 1800, "completion": 8000, "reasoning": 8000, "audio_minute": 10000}, "defaults": {"chat": "gpt-oss:120b", "embedding": "bge-m3:567m", "transcription": "mlx-community/whisper-large-v3-mlx"}, "successors": {"cogito:32b": "qwen3.6:27b", "devstral-small-2:24b": "mistral-small4:119b", "devstral:24b": "mistral-small4:119b", "gemma3:27b": "gemma4:31b", "gemma4:e2b": "gemma4:31b", "gemma4:e4b": "gemma4:31b", "glm-4.7-flash:30b": "nemotron-3-super:120b", "gpt-oss:20b": "gpt-oss:120b", "granite3-guardian:2b": "granite4.1-guardian:8b", "ministral-3:14b": "mistral-small4:119b", "ministral-3:3b": "mistral-small4:119b", "ministral-3:8b": "mistral-small4:119b", "mistral-small3.2:24b": "mistral-small4:119b", "nemotron-cascade:30b": "nemotron-3-super:120b", "nemotron3-nano:30b": "nemotron-3-super:120b", "qwen3-2507-gptq:235b": "qwen3-vl:235b", "qwen3-coder:30b": "qwen3.6:35b", "qwen3-omni:30b": "qwen3.6:35b", "qwen3-vl:2b": "qwen3-vl:4b", "qwen3-vl:32b": "qwen3-vl:30b", "qwen3-vl:8b": "qwen3-vl:30b", "qwen3:0.6b": "qwen3.6:35b", "qwen3:235b": "qwen3-vl:235b", "qwen3:30b-a3b": "qwen3.6:35b", "translategemma:12b": "translategemma:27b", "translategemma:4b": "translategemma:27b"}};

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

  const model = properties.model || FACTS.defaults.transcription;
  const url = properties.file.startsWith('//') ? `https:${properties.file}` : properties.file; // as Bubble keeps files
  const recording = await fetch(url); // without the key
  if (!recording.ok) throw new Error(`The recording cannot be fetched (${recording.status}).`);

  const form = new FormData();
  form.append('file', await recording.blob(), decodeURIComponent(new URL(url).pathname.split('/').pop()));
  const given = { model, response_format: 'json', language: properties.spoken, initial_prompt: properties.hint };
  Object.entries(given).forEach(([name, value]) => value && form.append(name, value));

  const data = await send('/audio/transcriptions', form, model);
  if (typeof data.text !== 'string') throw new Error('LLMaaS returned no text for this recording.');
  const last = (data.segments || []).slice(-1)[0];
  return {
    text: data.text.trim(),
    language: data.language || '',
    seconds: last ? last.end : null,
    segments_json: JSON.stringify(data.segments || []),
    cost_eur: last ? (Math.ceil(last.end / 60) * FACTS.prices.audio_minute) / 1000000 : null,
    request_id: data.requestId,
  };
}
