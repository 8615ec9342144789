// Vercel AI SDK by @ai-sdk/openai-compatible: whole, streamed, tools in a loop, an object.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { KEY, MODEL, QUESTION, URL_, done, equal } from "./checks.mjs";

const provider = createOpenAICompatible({
  name: "sandbox", baseURL: URL_, apiKey: KEY, supportsStructuredOutputs: true,
});
const model = provider(MODEL);
equal((await generateText({ model, prompt: 'Say "Bonjour"' })).text, "Bonjour");
let text = "";
for await (const part of streamText({ model, prompt: 'Say "Bonjour"' }).textStream) text += part;
equal(text, "Bonjour");
const get_weather = tool({
  description: "Weather of a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `Sunny in ${city}.`,
});
const told = await generateText({
  model, prompt: QUESTION, tools: { get_weather }, stopWhen: stepCountIs(4),
});
equal(told.text.includes("Sunny in Paris"), true);
const schema = z.object({ name: z.string(), age: z.number() });
const made = await generateObject({ model, schema, prompt: "Ada is 36 years old." });
equal(made.object, { name: "Ada", age: 36 });
done("ai", "whole, streamed, tools in a loop, object");
