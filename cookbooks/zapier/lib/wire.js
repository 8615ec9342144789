'use strict';

const { address } = require('./address');
const { errorOf, plain } = require('./errors');

/** Just before the platform gives up on a step, so that a user reads why. */
const timeout = () => Number(process.env.LLMAAS_TIMEOUT_MS) || 28_000;

/** Send one request and return the JSON that came back, or throw what went wrong. */
const call = async (z, bundle, path, request = {}) => {
  const key = bundle.authData.api_key;
  const url = `${address(z, bundle.authData.base_url)}${path}`;
  const response = await sent(z, {
    method: 'POST',
    ...request,
    url,
    headers: { ...request.headers, authorization: `Bearer ${key}`, accept: 'application/json' },
    timeout: timeout(),
    redirect: 'manual', // the key stays at this address
    skipThrowForStatus: true,
    throwForThrottlingEarly: false, // lib/errors.js reads more headers than the platform does
  });
  const model = request.model || (request.body && request.body.model);
  if (response.status >= 300) throw errorOf(z, response, { model, key });
  if (!response.data || typeof response.data !== 'object') {
    throw plain(z, 'What answered is not LLMaaS: check the base URL.', 'not_llmaas', response.status);
  }
  return { data: response.data, requestId: response.headers.get('x-request-id') };
};

const TOO_SLOW =
  'The answer took longer than Zapier waits for a step: ask for a shorter one, choose less thinking or a quicker model.';

const sent = async (z, request) => {
  try {
    return await z.request(request);
  } catch (error) {
    if (error.name !== 'FetchError' && error.name !== 'AbortError') throw error;
    if (/timeout/.test(error.type)) throw plain(z, TOO_SLOW, 'too_slow', 504);
    throw plain(z, `LLMaaS could not be reached: ${error.message}`, 'unreachable', 503);
  }
};

const models = async (z, bundle) => {
  const { data } = await call(z, bundle, '/models', { method: 'GET' });
  if (!Array.isArray(data.data)) throw plain(z, 'The list of models is unreadable.', 'not_llmaas', 200);
  return data.data;
};

module.exports = { call, models };
