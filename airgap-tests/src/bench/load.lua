-- What wrk sends, and the percentiles that it prints at the end.
local size = tonumber(os.getenv("BODY_BYTES") or "0")
if size > 0 then
  wrk.method = "POST"
  if os.getenv("BODY_KIND") == "json" then
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"text":"' .. string.rep("x", size - 11) .. '"}'
  else
    wrk.body = string.rep("x", size)
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"errors":%d}', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
