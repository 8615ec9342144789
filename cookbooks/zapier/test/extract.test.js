'use strict';

const assert = require('node:assert/strict');

const { App, create, failure, run, sandbox } = require('./support');

const text = 'Facture F-2026-118 du 3 mars 2026, total 1 234,50 €, payée : oui.';
const fields = ['Invoice number: as printed', 'Total (number): with tax', 'Paid (yes/no)', 'Échéance (date)', 'Lignes (liste)'];
const answer = { invoice_number: 'F-2026-118', total: 1234.5, paid: true, echeance: null, lignes: [] };

beforeEach(sandbox.reset);

describe('extract', () => {
  it('puts the schema on the wire and in words, and returns values', async () => {
    await sandbox.script({ content: JSON.stringify(answer) });
    const { values, cost_eur: cost } = await create('extract', { text, fields, language: 'fr' });
    assert.deepEqual(values, answer);
    assert.ok(cost > 0);
    const [{ json }] = await sandbox.requests();
    const { schema, strict } = json.response_format.json_schema;
    assert.equal(strict, true);
    assert.deepEqual(schema.properties.total, { type: ['number', 'null'], description: 'Total: with tax' });
    assert.deepEqual(schema.required, Object.keys(answer));
    assert.match(json.messages[0].content, /^Tu relèves/);
    assert.ok(json.messages[0].content.includes(JSON.stringify(schema)));
    assert.deepEqual([json.temperature, json.reasoning_effort], [0, 'low']);
  });

  it('gets values of the right types from the sandbox itself', async () => {
    const { values } = await create('extract', { text, fields: ['Number', 'Total (number)'] });
    assert.deepEqual(Object.keys(values), ['number', 'total']);
    assert.ok(values.total === null || typeof values.total === 'number');
  });

  it('takes a fence off', async () => {
    await sandbox.script({ content: `Here:\n\`\`\`json\n${JSON.stringify(answer)}\n\`\`\`` });
    assert.deepEqual((await create('extract', { text, fields })).values, answer);
  });

  it('says once what is wrong, and counts both answers', async () => {
    const usage = { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000 };
    await sandbox.script({ content: '{"invoice_number": 5}', usage }, { content: JSON.stringify(answer), usage });
    const { values, cost_eur: cost } = await create('extract', { text, fields });
    assert.deepEqual(values, answer);
    assert.equal(cost, 0.0036);
    const [, { json }] = await sandbox.requests();
    assert.match(json.messages.at(-1).content, /the key "total" is missing/);
  });

  it('gives up after one correction, with the answer', async () => {
    await sandbox.script({ content: 'Sorry.' }, { content: 'Sorry again.' });
    const { code, message } = await failure(create('extract', { text, fields }));
    assert.equal(code, 'extraction_failed');
    assert.match(message, /Sorry again/);
  });

  it('asks in words alone where response_format is refused', async () => {
    const { values } = await create('extract', { text, fields: ['Number'], model: 'sandbox/no-response-format' });
    assert.deepEqual(Object.keys(values), ['number']);
    assert.deepEqual((await sandbox.requests()).map(({ status }) => status), [400, 200]);
  });

  it('takes a schema of an expert', async () => {
    await sandbox.script({ content: '{"a": 1}' });
    const schema = '{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}';
    assert.deepEqual((await create('extract', { text, schema })).values, { a: 1 });
  });

  for (const [inputs, told] of [
    [{ fields: [] }, /at least one field/],
    [{ fields: ['Total (euros)'] }, /no type of a field/],
    [{ fields: ['Été', 'ete'] }, /its own name/],
    [{ fields: ['(number)'] }, /needs a name/],
    [{ schema: '{nonsense' }, /schema cannot be used/],
  ]) {
    it(`refuses ${JSON.stringify(inputs)} before anything is sent`, async () => {
      assert.match((await failure(create('extract', { text, ...inputs }))).message, told);
      assert.deepEqual(await sandbox.requests(), []);
    });
  }

  it('offers each field to later steps, with its type', async () => {
    const [dynamic] = App.creates.extract.operation.outputFields.filter((field) => typeof field === 'function');
    const offered = await run(dynamic, { fields });
    assert.deepEqual(offered[1], { key: 'values__total', label: 'Total', type: 'number' });
    assert.equal(offered.length, 5);
  });
});
