'use strict';

const assert = require('node:assert/strict');
const zapier = require('zapier-platform-core');
const { validateAppDefinition } = require('zapier-platform-schema');

const App = require('..');

const command = async (name) => (await zapier.createAppHandler(App)({ command: name })).results;

describe('the definition', () => {
  it('satisfies what the platform validates at a push', async () => {
    assert.deepEqual(await command('validate'), []);
  });

  it('satisfies the published schema once it is serialised', async () => {
    const { errors } = validateAppDefinition(await command('definition'));
    assert.deepEqual(errors.map(({ stack }) => stack), []);
  });

  it('would be told of a fault', async () => {
    const faulty = { ...App, creates: { chat: { ...App.creates.chat, noun: '' } } };
    assert.notDeepEqual((await zapier.createAppHandler(faulty)({ command: 'validate' })).results, []);
  });

  it('has a sample for every output field that is always there', () => {
    for (const { key, operation } of [...Object.values(App.creates), ...Object.values(App.searches)]) {
      const named = operation.outputFields.filter((field) => field.key && !field.key.includes('[]') && field.key !== 'names');
      for (const field of named) assert.ok(field.key in operation.sample, `${key}: ${field.key}`);
    }
  });

  it('never shows the key in the name of a connection', () => {
    assert.doesNotMatch(App.authentication.connectionLabel.toString(), /api_key|authData/);
    assert.equal(App.authentication.fields[0].type, 'password');
  });
});
