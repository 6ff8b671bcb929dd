--- The quality pass: its configuration from a table, its report as a table.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

--- A pln_quality_config from `quality:`, rule = policy and price_jump_pct, volume_outlier_multiple, max_issues; or nil
-- and a message.
function M.config(settings)
  local config = ffi.new "pln_quality_config"
  C.pln_quality_config_init(config)
  for key, value in pairs(settings or {}) do
    if key == "price_jump_pct" or key == "volume_outlier_multiple" or key == "max_issues" then
      config[key] = value
    else
      if value == "ignore" or value == false then value = "off" end
      local ok, message = abi.check(C.pln_quality_config_set(config, tostring(key), tostring(value)))
      if not ok then return nil, message end
    end
  end
  return config
end

local function counts(array)
  local made = {}
  for rule = 0, C.PLN_QUALITY_RULES - 1 do
    if array[rule] > 0 then made[ffi.string(C.pln_quality_rule_name(rule))] = tonumber(array[rule]) end
  end
  return made
end

local function finite(x)
  return x - x == 0 and x or nil
end

--- A report as a table: rows and bars (numbers of), reversed, found, dropped and repaired (counts by rule), issues (a
-- list of { rule, action, file, line, time, open, high, low, close, volume, measure }, where numbers that are not
-- finite are nil) and text.
function M.table(report)
  local made = {
    rows = tonumber(report.n_rows), bars = tonumber(report.n_kept), reversed = report.reversed ~= 0,
    found = counts(report.found), dropped = counts(report.dropped), repaired = counts(report.repaired), issues = {},
    text = ffi.string(C.pln_quality_report_text(report)),
  }
  for i = 0, report.n_issues - 1 do
    local issue = report.issues[i]
    made.issues[i + 1] = {
      rule = ffi.string(C.pln_quality_rule_name(issue.rule)),
      action = ffi.string(C.pln_quality_policy_name(issue.action)),
      file = issue.file >= 0 and ffi.string(report.files[issue.file]) or nil, line = tonumber(issue.line),
      time = abi.iso_time(issue.ts_ns), open = finite(issue.open), high = finite(issue.high), low = finite(issue.low),
      close = finite(issue.close), volume = finite(issue.volume), measure = finite(issue.measure),
    }
  end
  return made
end

--- Checks bars that exist, with a configuration table as in `quality:`; nothing is changed.
-- @return the report as a table, or nil and a message
function M.check(bars, settings)
  local config, message = M.config(settings)
  if not config then return nil, message end
  local report = C.pln_quality_report_new()
  if report == nil then return nil, abi.last_error() end
  local ok
  ok, message = abi.check(C.pln_quality_check(bars, config, report))
  local made = ok and M.table(report)
  C.pln_quality_report_free(report)
  if not ok then return nil, message end
  return made
end

return M
