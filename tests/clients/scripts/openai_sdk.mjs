// openai for Node: whole, streamed, a tool, a refusal.
import OpenAI from "openai";
import { MODEL, QUESTION, TOOL, done, equal } from "./checks.mjs";

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: "user", content: 'Say "Bonjour"' }];
const whole = await client.chat.completions.create({ model: MODEL, messages });
equal(whole.choices[0].message.content, "Bonjour");
let text = "";
for await (const part of await client.chat.completions.create({ model: MODEL, messages, stream: true }))
  text += part.choices[0]?.delta?.content ?? "";
equal(text, "Bonjour");
const asked = [{ role: "user", content: QUESTION }];
const called = await client.chat.completions.create({ model: MODEL, messages: asked, tools: [TOOL] });
equal(called.choices[0].message.tool_calls[0].function.name, "get_weather");
const refused = await client.chat.completions.create({ model: "nobody", messages }).catch((e) => e);
equal(refused.status, 404);
done("openai", "whole, streamed, tool, error");
