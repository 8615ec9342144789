'use strict';

const facts = require('./facts');

const CHAT = ['chat', 'vision', 'code'];
const KINDS = { chat: CHAT, embedding: ['embedding'], transcription: ['transcription'] };

/** Return what is known of a listed model; a name that is new to us may be anything. */
const card = ({ id, max_model_len: length }) => {
  const known = facts.models[id];
  return {
    id,
    label: label(id, known),
    category: known ? known.category : 'unknown',
    context: (known && known.context) || length || null,
    reasoning: known ? known.reasoning : null,
    vision: known ? known.vision : null,
    tools: known ? known.tools : null,
    long_term_support: known ? known.long_term_support : null,
    end_of_support: known ? known.end_of_support : null,
  };
};

const label = (id, known) => {
  if (!known) return `${id} (new)`;
  const traits = [known.reasoning && 'thinks', known.vision && 'sees images', known.end_of_support && `until ${known.end_of_support}`];
  const told = traits.filter(Boolean).join(', ');
  return told ? `${id} (${told})` : id;
};

const isOfKind = (kind) => ({ category }) => category === 'unknown' || KINDS[kind].includes(category);

/** Usual model first, then those with long-term support, then by name. */
const byUse = (usual) => (one, other) =>
  rank(one, usual) - rank(other, usual) || one.id.localeCompare(other.id);

const rank = ({ id, long_term_support: lasting }, usual) => (id === usual ? 0 : lasting ? 1 : 2);

module.exports = { card, isOfKind, byUse };
