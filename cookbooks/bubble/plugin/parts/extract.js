const words = FACTS.instructions.extract;
const tongue = properties.language === 'fr' ? 'fr' : 'en';

/** One line per field: `total: number, with tax`. */
const fields = (properties.fields || '')
  .split('\n')
  .map((line) => /^\s*([A-Za-z]\w*)\s*:\s*(.+?)\s*$/.exec(line))
  .filter(Boolean)
  .map(([, name, holds]) => [name, holds]);
if (!fields.length) throw new Error('Name at least one field, such as: total: number, with tax');

const SCHEMAS = {
  number: { type: ['number', 'null'] },
  integer: { type: ['integer', 'null'] },
  'true or false': { type: ['boolean', 'null'] },
  list: { type: ['array', 'null'], items: { type: 'string' } },
  date: { type: ['string', 'null'], format: 'date' },
};
const kind = (holds) => SCHEMAS[Object.keys(SCHEMAS).find((one) => holds.startsWith(one))] || { type: ['string', 'null'] };
const schema = {
  type: 'object',
  properties: Object.fromEntries(fields.map(([name, holds]) => [name, { ...kind(holds), description: holds }])),
  required: fields.map(([name]) => name),
  additionalProperties: false,
};

const system = `${words[tongue]} ${words.fits[tongue]}`.replace('%schema%', () => JSON.stringify(schema));
const user = words.frame[tongue].replace('%text%', () => properties.text);
const first = [{ role: 'system', content: system }, { role: 'user', content: user }];
const response_format = { type: 'json_schema', json_schema: { name: 'values', schema, strict: true } };

/** Where the schema is refused on the wire, the instructions alone hold it. */
const attempt = (messages) =>
  ask(messages, { temperature: 0, response_format }, 'less').catch((problem) => {
    if (!/response_format/.test(problem.message)) throw problem;
    return ask(messages, { temperature: 0 }, 'less');
  });

const values = ({ text }) => {
  const found = /\{[\s\S]*\}/.exec(text);
  if (!found) throw new Error('it holds no JSON object');
  const object = JSON.parse(found[0]);
  const missing = fields.find(([name]) => !(name in object));
  if (missing) throw new Error(`the key "${missing[0]}" is missing`);
  return object;
};

const told = (answer, object, spent) => ({
  ...answer,
  ...spent,
  values_json: JSON.stringify(object),
  names: fields.map(([name]) => name),
  values: fields.map(([name]) => (object[name] === null ? '' : plain(object[name]))),
});
const plain = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const answer = await attempt(first);
try {
  return told(answer, values(answer), {});
} catch (problem) {
  const again = words.again[tongue].replace('%problem%', () => problem.message);
  const second = await attempt([...first, { role: 'assistant', content: answer.text }, { role: 'user', content: again }]);
  const known = answer.cost_eur !== null && second.cost_eur !== null;
  const spent = known ? { tokens: answer.tokens + second.tokens, cost_eur: eur(Math.round((answer.cost_eur + second.cost_eur) * 1e9)) } : {};
  try {
    return told(second, values(second), spent);
  } catch (still) {
    throw new Error(`The answer does not fit, even corrected: ${still.message}. It was: ${second.text.slice(0, 300)}`);
  }
}
