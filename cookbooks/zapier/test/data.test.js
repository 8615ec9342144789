'use strict';

const assert = require('node:assert/strict');

const { App, create, failure, key, root, run, sandbox, serving } = require('./support');

beforeEach(sandbox.reset);

/** Return a WAV file of silence. */
const wav = (seconds, rate = 8000) => {
  const bytes = Buffer.alloc(44 + seconds * rate * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  [[16, 4], [1, 2], [1, 2], [rate, 4], [rate * 2, 4], [2, 2], [16, 2]].reduce((at, [value, width]) => bytes.writeUIntLE(value, at, width), 16);
  bytes.write('data', 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  return bytes;
};

describe('embed', () => {
  it('returns a vector for each text, in order, with dimensions and cost', async () => {
    const { items, vector, dimensions, cost_eur: cost, input_tokens: tokens } = await create('embed', { texts: ['été', 'hiver'] });
    assert.deepEqual(items.map(({ number, text }) => [number, text]), [[1, 'été'], [2, 'hiver']]);
    assert.equal(JSON.parse(vector).length, dimensions);
    assert.equal(dimensions, 1024);
    assert.equal(cost, Math.round(tokens * 1.8) / 1e6);
    const [{ json }] = await sandbox.requests();
    assert.deepEqual(json, { model: 'bge-m3:567m', input: ['été', 'hiver'], encoding_format: 'float' });
  });

  it('puts vectors back in order', async () => {
    const data = [1, 0].map((index) => ({ index, embedding: [index] }));
    await sandbox.script({ status: 200, json: { data, model: 'm' } });
    const { items, cost_eur: cost } = await create('embed', { texts: ['a', 'b'] });
    assert.deepEqual(items.map(({ vector }) => vector), ['[0]', '[1]']);
    assert.equal(cost, null);
  });

  it('names the text that is empty', async () => {
    assert.match((await failure(create('embed', { texts: ['a', ' '] }))).message, /Text 2 is empty/);
  });
});

describe('transcribe', () => {
  it('sends the file, never the key with the fetch, and returns times, subtitles and cost', async () => {
    const { result, seen } = await serving(wav(61), { 'content-type': 'audio/wav' }, (file) =>
      create('transcribe', { file, language: 'fr', hint: 'Nextcloud' }),
    );
    assert.ok(result.text.length > 0);
    assert.equal(result.language, 'fr');
    assert.equal(Math.round(result.seconds), 61);
    assert.equal(result.cost_eur, 0.02);
    assert.match(result.subtitles, /^1\n00:00:00,000 --> 00:00:\d\d,\d{3}\n/);
    assert.ok(!JSON.stringify(seen).includes(key));
    const [{ path, headers }] = await sandbox.requests();
    assert.equal(path, '/v1/audio/transcriptions');
    assert.match(JSON.stringify(headers), /multipart\/form-data/);
  });

  it('says that a file cannot be fetched', async () => {
    const { result } = await serving(null, {}, (file) => failure(create('transcribe', { file })));
    assert.match(result.message, /cannot be fetched \(404\)/);
  });

  it('passes on why a file is refused', async () => {
    const { result } = await serving(Buffer.from('no sound'), {}, (file) => failure(create('transcribe', { file })));
    assert.match(result.message, /not an audio file/);
  });
});

describe('models', () => {
  const perform = App.searches.model.operation.perform;

  it('are found by an old name', async () => {
    assert.deepEqual((await run(perform, { name: 'gpt-oss:20b' })).map(({ id }) => id), ['gpt-oss:120b']);
  });

  it('are found by kind and ability, the lasting ones first', async () => {
    const found = await run(perform, { category: 'chat', needs: ['reasoning', 'long_term_support'] });
    assert.equal(found[0].id, 'gpt-oss:120b');
    assert.ok(found.length > 1 && found.every((one) => one.reasoning && one.long_term_support));
    assert.match(found[0].label, /thinks, until 2027/);
  });

  it('bring their other names only when a later step asks', async () => {
    const [{ names, id }] = await run(perform, { name: 'gpt-oss' });
    assert.match(names, /^hydrate\|\|\|.*\|\|\|hydrate$/);
    const { aliases } = await run(App.hydrators.modelNames, { id });
    assert.deepEqual(aliases, ['gpt-oss:20b', 'openai/gpt-oss-120b']);
  });

  it('fill the dropdowns, the usual one first, each kind its own', async () => {
    const ids = async (trigger) => (await run(App.triggers[trigger].operation.perform)).map(({ id }) => id);
    const [chat, embedding, speech] = await Promise.all(['chat_models', 'embedding_models', 'transcription_models'].map(ids));
    assert.equal(chat[0], 'gpt-oss:120b');
    assert.equal(embedding[0], 'bge-m3:567m');
    assert.deepEqual(speech, ['mlx-community/whisper-large-v3-mlx']);
    assert.ok(!chat.includes('bge-m3:567m') && chat.includes('qwen3-vl:235b'));
  });

  it('that are new to us are offered, and said to be new', async () => {
    await sandbox.script({ status: 200, json: { data: [{ id: 'brand-new:1b', max_model_len: 9 }] } });
    const [{ label, context }] = await run(App.triggers.chat_models.operation.perform);
    assert.deepEqual({ label, context }, { label: 'brand-new:1b (new)', context: 9 });
  });
});

describe('a connection', () => {
  const { test, connectionLabel } = App.authentication;

  it('is tested, and named by address and models', async () => {
    const told = await run(test);
    assert.ok(told.models > 40);
    assert.equal(connectionLabel(null, { inputData: told }), `LLMaaS at ${new URL(root).host} (${told.models} models)`);
  });

  it('takes the address with or without /v1', async () => {
    await run(test, {}, { base_url: `${root}/` });
    assert.equal((await sandbox.requests())[0].path, '/v1/models');
  });

  for (const [address, told] of [
    ['http://example.org', /https/],
    ['https://user:pw@example.org/v1', /must not hold/],
    ['https://', /not an address/],
  ]) {
    it(`refuses ${address}`, async () => {
      assert.match((await failure(run(test, {}, { base_url: address }))).message, told);
    });
  }

  it('with a wrong key says how to make another', async () => {
    const { name, message } = await failure(run(test, {}, { api_key: 'wrong-key' }));
    assert.equal(name, 'ExpiredAuthError');
    assert.match(message, /Console .* reconnect/);
  });
});
