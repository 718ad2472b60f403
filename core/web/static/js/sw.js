// Keeps one page for the time without a connection. Nothing else is cached: pages of a portal are personal.
const CACHE = "portico-offline-1";
const PAGE = "/offline";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const answer = await fetch(PAGE, { credentials: "omit", cache: "reload" });
    if (!answer.ok) throw new Error(`offline page: ${answer.status}`);
    const html = await answer.clone().text();
    await cache.put(PAGE, answer);
    // The page's own stylesheets, so that it keeps the portal's face.
    const sheets = [...html.matchAll(/<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"/g)].map((m) => m[1].replaceAll("&amp;", "&"));
    await cache.addAll(sheets.filter((u) => u.startsWith("/")));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(PAGE)) ?? Response.error()));
  } else if (request.destination === "style") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
  }
});
