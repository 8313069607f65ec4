// Starts Swagger UI on <div id="docs" data-openapi="address of openapi.json">; nothing is asked of other machines.
(function () {
  "use strict";
  const place = document.getElementById("docs");
  if (!place || !window.SwaggerUIBundle) return;
  window.SwaggerUIBundle({
    url: place.dataset.openapi,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    tryItOutEnabled: false,
    requestInterceptor(request) {
      // A call made with the session of the page needs its CSRF token; one with a bearer token does not.
      const token = document.querySelector('meta[name="csrf-token"]');
      if (token && !["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) request.headers["X-CSRFToken"] = token.content;
      return request;
    },
    syntaxHighlight: { activated: true, theme: "agate" },
  });
})();
