'use strict';

const facts = require('./facts');
const waiting = require('./waiting');

const BLOCKED = /blocked for security|content.filter|prompt blocked/i;
const MODEL_GONE = /model_not_found|model.*(not found|does not exist|n'existe pas)/i;
const CONTEXT = /context.(length|window)|maximum context/i;

/** Return the exception for a refusal, in words that tell a user of Zapier what to do. */
const errorOf = (z, response, { model, key }) => {
  const said = hide(message(response), key);
  const { status } = response;
  if (status === 401) return new z.errors.ExpiredAuthError(REFUSED_KEY);
  if (status === 429) return throttled(z, response);
  if (status >= 300 && status < 400) return plain(z, REDIRECT, 'redirect', status);
  const [text, code] = explained(status, said, model);
  return plain(z, `${text} (LLMaaS ${status}: ${said})`, code, status);
};

const REFUSED_KEY =
  'LLMaaS refused the API key: it was revoked, rotated or mistyped. Make one in the Cloud Temple ' +
  'Console (LLMaaS, API keys), then reconnect this account.';
const REDIRECT = 'The address answers with a redirect, and a key is never sent elsewhere: check the base URL.';

const throttled = (z, response) => {
  const delay = waiting.seconds(response.headers);
  const text = `The LLMaaS limit of your tier is reached; Zapier tries again in ${delay} seconds.`;
  return new z.errors.ThrottledError(text, delay);
};

const explained = (status, said, model) => {
  if ([400, 404].includes(status) && model && MODEL_GONE.test(said)) return [gone(model), 'model_not_found'];
  if (status === 403 && BLOCKED.test(said)) return [PROMPT_BLOCKED, 'prompt_blocked'];
  if (status === 403) return [`This key may not use ${model || 'this service'}: see its rights in the Console.`, 'forbidden'];
  if (status === 400 && CONTEXT.test(said)) return [`The text is longer than ${model} can read: shorten or split it.`, 'too_long'];
  if (status === 413) return ['The file or text is too large.', 'too_large'];
  if (status >= 500) return ['LLMaaS could not answer just now; replay this step later.', 'unavailable'];
  return ['LLMaaS did not accept this request.', 'refused'];
};

const PROMPT_BLOCKED =
  'The security check of LLMaaS blocked this prompt. Look at the text for instructions, scripts or ' +
  'hidden HTML that came in from an earlier step.';

const gone = (model) => {
  const next = facts.successor(model);
  const advice = next
    ? `${next} took its place.`
    : `No successor is published; ${facts.defaults.chat} has long-term support.`;
  return `LLMaaS no longer has the model ${model}. ${advice} Choose a model from the list of this step.`;
};

/** Find the message in any of the envelopes that the service is known to use. */
const message = ({ data, content }) => {
  const detail = data && data.detail !== undefined ? data.detail : data;
  const error = detail && detail.error !== undefined ? detail.error : detail;
  if (typeof error === 'string') return error.slice(0, 300);
  if (error && error.message) return `${error.message}${error.code ? ` [${error.code}]` : ''}`.slice(0, 300);
  return String(content || 'no message').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 200);
};

const hide = (text, key) => (key ? text.split(key).join('***') : text);

const plain = (z, text, code, status) => new z.errors.Error(text, code, status);

module.exports = { errorOf, plain };
