'use strict';

const { plain } = require('./errors');

const TYPES = {
  text: ['text', 'texte'],
  number: ['number', 'nombre', 'amount', 'montant'],
  integer: ['integer', 'entier'],
  boolean: ['yes/no', 'oui/non', 'boolean'],
  date: ['date'],
  list: ['list', 'liste'],
};
const SCHEMAS = {
  text: { type: ['string', 'null'] },
  number: { type: ['number', 'null'] },
  integer: { type: ['integer', 'null'] },
  boolean: { type: ['boolean', 'null'] },
  date: { type: ['string', 'null'], format: 'date' },
  list: { type: ['array', 'null'], items: { type: 'string' } },
};
const SHOWN = { number: 'number', integer: 'integer', boolean: 'boolean', date: 'datetime' };
const LINE = /^\s*([^(:]+?)\s*(?:\(([^)]*)\))?\s*(?::\s*(.+?))?\s*$/s;

/** Read lines such as `Total (number): with tax` into {key, label, type, hint}. */
const read = (z, lines) => {
  const fields = [].concat(lines || []).filter((line) => line && line.trim()).map((line) => field(z, line));
  const twice = fields.find(({ key }, index) => fields.findIndex((other) => other.key === key) < index);
  if (twice) throw plain(z, `Two fields are called "${twice.label}": give each its own name.`, 'bad_fields', 400);
  return fields;
};

const field = (z, line) => {
  const [, label, kind = 'text', hint] = LINE.exec(line) || [];
  const key = label && slug(label);
  if (!key) throw plain(z, `A field needs a name: "${line}".`, 'bad_fields', 400);
  const type = Object.keys(TYPES).find((name) => TYPES[name].includes(kind.trim().toLowerCase()));
  if (!type) {
    throw plain(z, `"${kind}" is no type of a field. Types: ${Object.values(TYPES).flat().join(', ')}.`, 'bad_fields', 400);
  }
  return { key, label, type, hint };
};

const slug = (text) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');

/** Return the JSON schema that asks for these fields; each may be null. */
const schema = (fields) => ({
  type: 'object',
  properties: Object.fromEntries(fields.map((one) => [one.key, described(one)])),
  required: fields.map(({ key }) => key),
  additionalProperties: false,
});

const described = ({ label, type, hint }) => ({
  ...SCHEMAS[type],
  description: hint ? `${label}: ${hint}` : label,
});

/** Return the output fields that later steps can pick. */
const outputs = (fields) =>
  fields.map(({ key, label, type }) => ({ key: `values__${key}`, label, ...(SHOWN[type] ? { type: SHOWN[type] } : {}) }));

module.exports = { read, schema, outputs };
