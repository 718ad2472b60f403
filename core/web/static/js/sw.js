// Keeps one page: what to say when there is no connection.
self.addEventListener("install", (event) => event.waitUntil(caches.open("offline-1").then((cache) => cache.add("/offline"))));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match("/offline")));
});
