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
