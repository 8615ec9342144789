'use strict';

const assert = require('node:assert/strict');

const { create, failure, sandbox } = require('./support');

const SAY = 'Say "Bonjour"';
const usage = { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 };

beforeEach(sandbox.reset);

describe('chat', () => {
  it('answers with reasoning apart, tokens, cost, model, machine and request id', async () => {
    const answer = await create('chat', { prompt: SAY });
    assert.equal(answer.text, 'Bonjour');
    assert.ok(answer.reasoning.length > 0);
    assert.equal(answer.model, 'openai/gpt-oss-120b'); // the root, as the service answers
    assert.match(answer.machine, /^ma\d\d$/);
    assert.match(answer.request_id, /^req-/);
    assert.equal(answer.truncated, false);
    const exact = answer.input_tokens * 1.8 + answer.output_tokens * 8;
    assert.equal(answer.cost_eur, Math.round(exact) / 1e6);
  });

  it('sends what was chosen and nothing else', async () => {
    await create('chat', { prompt: SAY, instructions: 'Be brief.', model: 'gemma4:31b', temperature: 0, max_tokens: 50, thinking: 'less' });
    const [{ json }] = await sandbox.requests();
    assert.deepEqual(json, {
      model: 'gemma4:31b',
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: SAY }],
      max_tokens: 50,
      temperature: 0,
    });
  });

  for (const [model, sent] of [
    ['qwen3.6:27b', { enable_thinking: false }],
    ['qwen3:0.6b', { enable_thinking: false }],
    ['gpt-oss:120b', { reasoning_effort: 'low' }],
    ['mistral-small4:119b', {}],
  ]) {
    it(`asks ${model} to think less only in a way it accepts`, async () => {
      await create('chat', { prompt: SAY, model, thinking: 'less' });
      const [{ json }] = await sandbox.requests();
      const { enable_thinking, reasoning_effort } = json;
      assert.deepEqual(JSON.parse(JSON.stringify({ enable_thinking, reasoning_effort })), sent);
    });
  }

  for (const shape of ['reasoning_content', 'reasoning', 'reasoning-both', 'think', 'lone-think-close']) {
    it(`keeps reasoning apart when it comes as ${shape}`, async () => {
      const { text, reasoning } = await create('chat', { prompt: SAY, model: `sandbox/${shape}` });
      assert.equal(text, 'Bonjour');
      assert.match(reasoning, /question/);
      assert.doesNotMatch(reasoning, /think>/);
    });
  }

  it('leaves a tag alone that a model without reasoning only quotes', async () => {
    await sandbox.script({ content: 'Close it with </think> at the end.' });
    const { text, reasoning } = await create('chat', { prompt: '?', model: 'llama3.3:70b' });
    assert.equal(text, 'Close it with </think> at the end.');
    assert.equal(reasoning, '');
  });

  it('counts reasoning that was counted beside the output', async () => {
    await sandbox.script({ content: 'Oui.', usage: { ...usage, reasoning_tokens: 250, total_tokens: 1750 } });
    assert.equal((await create('chat', { prompt: '?' })).cost_eur, 0.0078);
  });

  it('counts reasoning once when it is part of the output', async () => {
    await sandbox.script({ content: 'Oui.', usage: { ...usage, completion_tokens_details: { reasoning_tokens: 250 } } });
    const { cost_eur: cost, reasoning_tokens: thought } = await create('chat', { prompt: '?' });
    assert.deepEqual({ cost, thought }, { cost: 0.0058, thought: 250 });
  });

  it('says that a cost is unknown rather than nothing', async () => {
    assert.equal((await create('chat', { prompt: SAY, model: 'sandbox/usage-none' })).cost_eur, null);
  });

  it('tells when an answer was cut', async () => {
    await sandbox.script({ content: 'Il était une', finish_reason: 'length' });
    assert.equal((await create('chat', { prompt: '?' })).truncated, true);
  });

  it('explains an answer that was all thinking', async () => {
    await sandbox.script({ content: '', reasoning: 'Hm.', finish_reason: 'length' });
    const { code, message } = await failure(create('chat', { prompt: '?' }));
    assert.equal(code, 'empty_answer');
    assert.match(message, /Longest answer/);
  });
});

describe('summarise', () => {
  const text = 'Le serveur sera déplacé le 3 mars. Ana prévient les clients avant vendredi.';

  it('asks in French for a French summary', async () => {
    const { text: summary } = await create('summarise', { text, language: 'fr', form: 'actions' });
    assert.ok(summary.length > 0);
    const [{ json }] = await sandbox.requests();
    const [system, user] = json.messages.map(({ content }) => content);
    assert.match(system, /^Tu résumes/);
    assert.match(system, /décisions prises/);
    assert.ok(user.includes(`<text>\n${text}\n</text>`));
    assert.equal(json.reasoning_effort, 'low');
  });

  it('lets the model think as it does when that is chosen', async () => {
    await create('summarise', { text, thinking: 'model' });
    assert.equal((await sandbox.requests())[0].json.reasoning_effort, undefined);
  });

  it('leaves no blank unfilled, and takes a dollar sign as it is', async () => {
    await create('summarise', { text: "It costs $& or $' %form%.", form: 'sentence' });
    const [{ json }] = await sandbox.requests();
    const [system, user] = json.messages.map(({ content }) => content);
    assert.match(system, /Write in the language of the text, as one sentence of at most 30 words\./);
    assert.doesNotMatch(system, /%/);
    assert.ok(user.includes("It costs $& or $' %form%."));
  });
});
