// Starts Swagger UI on the documentation page; the plain list in the page is what stays without script.
(function () {
  "use strict";
  var place = document.getElementById("api-docs");
  if (!place || typeof window.SwaggerUIBundle !== "function") { return; }
  var forgery = document.querySelector('meta[name="csrf-token"]');
  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    persistAuthorization: false,
    validatorUrl: null,
    requestInterceptor: function (request) {
      var own = new URL(request.url, location.href).origin === location.origin;
      if (own) { request.headers["Accept-Language"] = document.documentElement.lang; }
      if (own && forgery && request.method && request.method.toUpperCase() !== "GET") {
        request.headers["X-CSRFToken"] = forgery.content;
      }
      return request;
    }
  });
})();
