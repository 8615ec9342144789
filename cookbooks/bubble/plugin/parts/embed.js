if (!(properties.text || '').trim()) throw new Error('The text is empty.');
const model = properties.model || FACTS.defaults.embedding;
const data = await send('/embeddings', { model, input: [properties.text], encoding_format: 'float' }, model);
const tokens = data.usage ? data.usage.prompt_tokens : null;
return {
  vector: data.data[0].embedding,
  vector_json: JSON.stringify(data.data[0].embedding),
  dimensions: data.data[0].embedding.length,
  model: data.model,
  tokens,
  cost_eur: tokens === null ? null : eur(tokens * FACTS.prices.prompt),
  request_id: data.requestId,
};
