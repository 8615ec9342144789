'use strict';

/** Return the JSON object in an answer, also inside a fence or between sentences. */
const objectIn = (text) => {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) throw new Error('it holds no JSON object');
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch (error) {
    throw new Error(`its JSON is broken (${error.message})`);
  }
};

const KINDS = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  null: (value) => value === null,
};

/** Throw when a value misses a required key, or has a key of another type than its schema says. */
const check = (value, schema) => {
  for (const key of schema.required || []) {
    if (!(key in value)) throw new Error(`the key "${key}" is missing`);
  }
  for (const [key, { type }] of Object.entries(schema.properties || {})) {
    const allowed = [].concat(type || []);
    if (key in value && allowed.length && !allowed.some((kind) => KINDS[kind] && KINDS[kind](value[key]))) {
      throw new Error(`"${key}" must be ${allowed.join(' or ')}`);
    }
  }
  return value;
};

module.exports = { objectIn, check };
