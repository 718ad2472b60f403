// The offline page: kept by the service worker, per portal, nothing personal in it.
if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
