const [url, segmentKey, rudderKey, snowplowKey] = process.argv.slice(2);
const who = { userId: "u1" };
const done = [];
{
  const { Analytics } = require("@segment/analytics-node");
  const a = new Analytics({ writeKey: segmentKey, host: url, flushInterval: 200 });
  a.on("error", (e) => { console.error(e); process.exitCode = 1; });
  a.identify({ ...who, traits: { email: "bob@example.com" } });
  a.page({ ...who, name: "Home" });
  a.track({ ...who, event: "Trailer Viewed", properties: { film: "f1", completion: 0.75 } });
  a.track({ ...who, event: "search", properties: { query: "dune" } });
  done.push(a.closeAndFlush());
}
{
  const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
  const R = RudderAnalytics.default || RudderAnalytics;
  const a = new R(rudderKey, { dataPlaneUrl: url, flushInterval: 200 });
  a.identify({ ...who, traits: { email: "bob@example.com" } });
  a.page({ ...who, name: "Home" });
  a.track({ ...who, event: "Trailer Viewed", properties: { film: "f1", completion: 0.75 } });
  a.track({ ...who, event: "search", properties: { query: "dune" } });
  done.push(new Promise((resolve, reject) => a.flush((e) => (e ? reject(e) : resolve()))));
}
{
  const s = require("@snowplow/node-tracker");
  const t = s.newTracker({ namespace: "web", appId: snowplowKey }, { endpoint: url, protocol: "http", bufferSize: 1 });
  t.setUserId("u1");
  t.track(s.buildPageView({ pageUrl: "https://x.example/", pageTitle: "Home" }));
  t.track(s.buildStructEvent({ category: "film", action: "Trailer Viewed", label: "f1" }));
  t.flush();
}
Promise.all(done).then(() => setTimeout(() => process.exit(process.exitCode || 0), 1500),
  (e) => { console.error(e); process.exit(1); });
