'use strict';

const assert = require('node:assert/strict');

const { create, failure, key, sandbox } = require('./support');

const ask = (model) => failure(create('chat', { prompt: '?', model }));
const now = () => Math.floor(Date.now() / 1000);

beforeEach(sandbox.reset);

describe('what goes wrong', () => {
  it('401: asks to reconnect', async () => {
    assert.equal((await ask('sandbox/status:401')).name, 'ExpiredAuthError');
  });

  it('404: names the successor', async () => {
    await sandbox.script({ status: 404, json: { error: { message: "Model 'qwen3-coder:30b' does not exist", code: 'model_not_found' } } });
    const { message, code } = await ask('qwen3-coder:30b');
    assert.equal(code, 'model_not_found');
    assert.match(message, /qwen3\.6:35b took its place/);
  });

  it('404: says that no successor is known', async () => {
    assert.match((await ask('qwen3-2507:235b')).message, /No successor is published; gpt-oss:120b/);
  });

  it('400 about a model is understood as 404 is', async () => {
    await sandbox.script({ status: 400, json: { error: { message: 'Model not found', type: 'invalid_request_error' } } });
    assert.equal((await ask('cogito:32b')).code, 'model_not_found');
  });

  for (const [headers, delay] of [
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after-ms': '1500' }, 2],
    [{}, 60],
  ]) {
    it(`429 with ${JSON.stringify(headers)}: waits ${delay} s`, async () => {
      await sandbox.script({ status: 429, headers, json: { error: { message: 'Rate limit exceeded.' } } });
      const error = await ask('gpt-oss:120b');
      assert.equal(error.name, 'ThrottledError');
      assert.equal(error.delay, delay);
    });
  }

  it('429 with dates: waits until then', async () => {
    const date = new Date((now() + 30) * 1000).toUTCString();
    await sandbox.script(
      { status: 429, headers: { 'retry-after': date }, json: {} },
      { status: 429, headers: { 'x-ratelimit-reset-requests': String(now() + 30) }, json: {} },
    );
    for (const { delay } of [await ask('m'), await ask('m')]) assert.ok(delay > 25 && delay <= 30, delay);
  });

  it('403 of the prompt check: says where to look', async () => {
    await sandbox.script({ status: 403, json: { detail: 'Prompt blocked for security reasons' } });
    const { code, message } = await ask('gpt-oss:120b');
    assert.equal(code, 'prompt_blocked');
    assert.match(message, /earlier step/);
  });

  it('403 otherwise: a right is missing', async () => {
    await sandbox.script({ status: 403, json: { error: { message: 'no' } } });
    assert.equal((await ask('gpt-oss:120b')).code, 'forbidden');
  });

  for (const shape of [1, 2, 3, 4, 5, 6]) {
    it(`reads refusal envelope ${shape}`, async () => {
      const { message, status } = await ask(`sandbox/envelope:${shape}:400`);
      assert.equal(status, 400);
      assert.doesNotMatch(message, /no message|\[object/);
    });
  }

  it('an HTML error page is told in plain text', async () => {
    const { code, message } = await ask('sandbox/html-error:502');
    assert.equal(code, 'unavailable');
    assert.doesNotMatch(message, /<html/i);
  });

  for (const fault of ['html-200', 'empty-200']) {
    it(`${fault} is no answer`, async () => {
      assert.equal((await ask(`sandbox/${fault}`)).code, 'not_llmaas');
    });
  }

  for (const fault of ['stall:30:0', 'slow-headers:30', 'truncated-200']) {
    it(`${fault} ends before the platform gives up, and says what to do`, async () => {
      process.env.LLMAAS_TIMEOUT_MS = '300';
      try {
        assert.equal((await ask(`sandbox/${fault}`)).code, 'too_slow');
      } finally {
        delete process.env.LLMAAS_TIMEOUT_MS;
      }
    });
  }

  it('a redirect is not followed with the key', async () => {
    await sandbox.script({ status: 307, headers: { location: 'https://example.org/' }, json: {} });
    assert.equal((await ask('gpt-oss:120b')).code, 'redirect');
    assert.equal((await sandbox.requests()).length, 1);
  });

  it('nobody there is said as such', async () => {
    const gone = create('chat', { prompt: '?' }, { base_url: 'http://127.0.0.1:9' });
    assert.equal((await failure(gone)).code, 'unreachable');
  });

  it('a key that the service repeats is hidden', async () => {
    await sandbox.script({ status: 400, json: { error: { message: `bad key ${key}` } } });
    assert.match((await ask('gpt-oss:120b')).message, /bad key \*\*\*/);
  });
});
