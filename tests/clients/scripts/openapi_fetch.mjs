// Types that openapi-typescript makes of /openapi.json, compiled and used with openapi-fetch.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { done } from "./checks.mjs";

execFileSync("node_modules/.bin/openapi-typescript", [`${process.env.SANDBOX_ROOT}/openapi.json`, "-o", "api.d.ts"]);
writeFileSync("typed.mts", `
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths, "application/json">({
  baseUrl: process.env.SANDBOX_ROOT,
  headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY },
});
const { data, error } = await client.POST("/v1/chat/completions", {
  body: { model: "gemma4:31b", max_tokens: 100, messages: [{ role: "user", content: 'Say "Bonjour"' }] },
});
const content: string | null | undefined = data?.choices[0]?.message.content;
if (content !== "Bonjour") throw new Error(JSON.stringify(error));
`);
const options = ["--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck", "--types", "node"];
execFileSync("node_modules/.bin/tsc", [...options, "typed.mts"], { stdio: "inherit" });
execFileSync("node", ["typed.mjs"], { stdio: "inherit" });
done("openapi-typescript", "types compile, client chats");
