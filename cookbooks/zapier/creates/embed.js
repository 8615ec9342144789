'use strict';

const { modelField } = require('../lib/chat');
const { plain } = require('../lib/errors');
const { defaults } = require('../lib/facts');
const money = require('../lib/money');
const { call } = require('../lib/wire');

const perform = async (z, bundle) => {
  const texts = [].concat(bundle.inputData.texts || []);
  const empty = texts.findIndex((text) => !String(text).trim());
  if (!texts.length || empty >= 0) throw plain(z, `Text ${Math.max(empty, 0) + 1} is empty.`, 'empty_text', 400);
  const body = {
    model: bundle.inputData.model || defaults.embedding,
    input: texts.map(String), // the service takes strings only
    encoding_format: 'float',
  };
  const { data, requestId } = await call(z, bundle, '/embeddings', { body });
  return told(z, data, body, requestId);
};

const told = (z, data, { input, model }, requestId) => {
  const rows = [...(data.data || [])].sort((one, other) => one.index - other.index);
  if (rows.length !== input.length) throw plain(z, 'LLMaaS returned another number of vectors than of texts.', 'bad_answer', 200);
  const items = rows.map(({ index, embedding }) => ({ number: index + 1, text: input[index], vector: JSON.stringify(embedding) }));
  const tokens = data.usage && data.usage.prompt_tokens;
  return {
    vector: items[0].vector,
    dimensions: rows[0].embedding.length,
    items,
    model: data.model || model,
    input_tokens: tokens ?? null,
    cost_eur: money.ofReading(tokens),
    request_id: requestId,
  };
};

module.exports = {
  key: 'embed',
  noun: 'Vector',
  display: { label: 'Embed Texts', description: 'Turns texts into vectors, for search by meaning.' },
  operation: {
    perform,
    inputFields: [
      { key: 'texts', label: 'Texts', type: 'text', list: true, required: true },
      modelField('embedding_models', defaults.embedding),
    ],
    outputFields: [
      { key: 'vector', label: 'Vector of the First Text (JSON)' },
      { key: 'dimensions', label: 'Dimensions', type: 'integer' },
      { key: 'items[]number', label: 'Number', type: 'integer' },
      { key: 'items[]text', label: 'Text' },
      { key: 'items[]vector', label: 'Vector (JSON)' },
      { key: 'model', label: 'Model' },
      { key: 'input_tokens', label: 'Tokens Read', type: 'integer' },
      { key: 'cost_eur', label: 'Cost (EUR), at the Price of Reading', type: 'number' },
      { key: 'request_id', label: 'Request ID' },
    ],
    sample: {
      vector: '[0.12,-0.5,0.03]',
      dimensions: 3,
      items: [{ number: 1, text: 'Bonjour', vector: '[0.12,-0.5,0.03]' }],
      model: defaults.embedding,
      input_tokens: 2,
      cost_eur: 0.000004,
      request_id: 'req-0123456789abcdef',
    },
  },
};
