'use strict';

const chat = require('../lib/chat');
const fields = require('../lib/fields');
const json = require('../lib/json');
const { plain } = require('../lib/errors');
const { instructions } = require('../lib/facts');

const words = instructions.extract;
const NO_FORMAT = /response_format/;

const perform = async (z, bundle) => {
  const { inputData } = bundle;
  const schema = wanted(z, inputData);
  const tongue = inputData.language === 'fr' ? 'fr' : 'en';
  const messages = [
    { role: 'system', content: `${words[tongue]} ${words.fits[tongue]}`.replace('%schema%', () => JSON.stringify(schema)) },
    { role: 'user', content: words.frame[tongue].replace('%text%', () => inputData.text) },
  ];
  const first = await ask(z, bundle, messages, schema);
  try {
    return { ...first, values: valid(first, schema) };
  } catch (problem) {
    return corrected(z, bundle, { messages, schema, first, problem, tongue });
  }
};

const wanted = (z, { fields: lines, schema }) => {
  if (schema && schema.trim()) return own(z, schema);
  const read = fields.read(z, lines);
  if (!read.length) throw plain(z, 'Name at least one field to extract.', 'bad_fields', 400);
  return fields.schema(read);
};

const own = (z, text) => {
  try {
    return json.check(json.objectIn(text), { required: ['type', 'properties'] });
  } catch (problem) {
    throw plain(z, `The JSON schema cannot be used: ${problem.message}.`, 'bad_schema', 400);
  }
};

/** Ask with the schema on the wire; where that is refused, the instructions alone hold it. */
const ask = async (z, bundle, messages, schema) => {
  const response_format = { type: 'json_schema', json_schema: { name: 'values', schema, strict: true } };
  try {
    return await chat.ask(z, bundle, messages, { temperature: 0, response_format }, 'less');
  } catch (error) {
    if (!NO_FORMAT.test(error.message)) throw error;
    return chat.ask(z, bundle, messages, { temperature: 0 }, 'less');
  }
};

const valid = ({ text }, schema) => json.check(json.objectIn(text), schema);

/** Say once what is wrong; both answers were paid, so both are counted. */
const corrected = async (z, bundle, { messages, schema, first, problem, tongue }) => {
  const request = words.again[tongue].replace('%problem%', () => problem.message);
  const longer = [...messages, { role: 'assistant', content: first.text }, { role: 'user', content: request }];
  const second = await ask(z, bundle, longer, schema);
  try {
    return { ...second, ...sum(first, second), values: valid(second, schema) };
  } catch (still) {
    throw plain(z, `The answer does not fit, even corrected: ${still.message}. It was: ${second.text.slice(0, 300)}`, 'extraction_failed', 200);
  }
};

const sum = (one, other) =>
  Object.fromEntries(
    ['input_tokens', 'output_tokens', 'reasoning_tokens', 'cost_eur'].map((key) => [key, added(one[key], other[key])]),
  );

const added = (one, other) => (one === null || other === null ? null : Math.round((one + other) * 1e6) / 1e6);

const ownOutputs = (z, { inputData }) => (inputData.schema ? [] : fields.outputs(fields.read(z, inputData.fields)));

module.exports = {
  key: 'extract',
  noun: 'Values',
  display: { label: 'Extract Values from a Text', description: 'Reads the fields that you name out of a text; what the text does not say stays empty.' },
  operation: {
    perform,
    inputFields: [
      { key: 'text', label: 'Text', type: 'text', required: true },
      {
        key: 'fields',
        label: 'Fields',
        list: true,
        altersDynamicFields: true,
        helpText: 'One per line: `Name (type): hint`. Types: text, number, integer, yes/no, date, list. Example: `Total (number): with tax`.',
      },
      {
        key: 'language',
        label: 'Language of the Instructions',
        choices: { en: 'English', fr: 'Français' },
        default: 'en',
        helpText: 'Take the language of your texts.',
      },
      {
        key: 'schema',
        label: 'JSON Schema',
        type: 'text',
        altersDynamicFields: true,
        helpText: 'For experts, instead of fields: the schema of one JSON object.',
      },
      ...chat.settings('less'),
    ],
    outputFields: [...chat.outputs, ownOutputs],
    sample: { ...chat.sample, text: '{"invoice": "F-2026-118", "total": 1234.5}', values: { invoice: 'F-2026-118', total: 1234.5 } },
  },
};
