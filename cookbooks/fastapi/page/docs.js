// Swagger UI, from the files of the package fastapi-offline.
"use strict";

addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: true });
});
