--- Running a configuration from Lua: what `perilune run` does, without its tables and pictures.
--
--     local pln = require "perilune"
--     local result = assert(pln.run("quickstart.yaml", { db = false, trades = true }))
--     print(result.results[1].metrics.sharpe_ratio, #result.results[1].trades)
--
-- The module can be called: `pln.run(config, options)` is `pln.run.run(config, options)`.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local coordinator = require "coordinator"
local merge = require "merge"
local stats = require "stats"
local store = require "store"
local C = abi.C

local M = {}

local function text_of(path, sets)
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then file:close() end
  for _, set in ipairs(sets or {}) do text = text .. ("\n# --set %s"):format(set) end
  return text .. "\n# file: " .. path
end

local iso = abi.iso_time

local function write_log(line) io.stderr:write(line, "\n") end

-- Runs a checked configuration under its own limits.
local function run_checked(cfg, options)
  local write, passed = options.log or write_log, {}
  for key, value in pairs(options) do passed[key] = value end
  passed.log = function(instance, message)
    write(("%s %s: %s"):format(iso(instance:now_ns()), instance.id, message))
  end
  C.pln_watchdog_limit(cfg.engine.timeout_s)
  local limit, compiles = C.pln_host_set_memory_limit(cfg.engine.memory_limit_mb * 2 ^ 20), jit.status()
  if not cfg.engine.jit then jit.off() end
  local outcome, message, fault = coordinator.run(cfg, passed)
  if compiles then jit.on() end
  C.pln_host_set_memory_limit(limit)
  return outcome, message, fault
end

--- Loads and runs a configuration; what lua/cli/run.lua stands on. Further options go to coordinator.run.
-- @return coordinator.run's outcome; or nil, a message or list of problems, and what is at fault ("configuration",
--   "data" or nil)
function M.execute(source, options)
  local cfg, problems
  if type(source) == "table" then
    cfg, problems = config.from_table(source, (options.folder or ".") .. "/config", { set = options.set })
  else
    cfg, problems = config.load(source, { set = options.set })
  end
  if not cfg then return nil, problems, "configuration" end
  local passed = {}
  for key, value in pairs(options) do passed[key] = value end
  passed.config_text = type(source) == "string" and text_of(source, options.set) or nil
  return run_checked(cfg, passed)
end

-- The run that is resumed: the row of `id`, or of the newest that did not finish.
local function unfinished(path, id)
  local db, err = store.open(path, { must_exist = true })
  if not db then return nil, err end
  local columns, rows = db:query("SELECT id, status, config_text, config_hash FROM run WHERE "
    .. (id and "id = ?" or "status <> 'finished' AND ? IS NULL ORDER BY id DESC LIMIT 1"), id)
  db:close()
  if not columns then return nil, rows end
  local row = rows[1]
  if not row then
    return nil, id and ("%s: there is no run %d; perilune runs lists them"):format(path, id)
      or path .. ": every run in it is finished"
  end
  return { id = row[1], status = row[2], text = row[3], hash = row[4] }
end

-- The configuration of a stored run: the file it was read from, with the values that were set, as its text tells.
local function configuration_of(row, file)
  local sets = {}
  for set in row.text:gmatch "\n# %-%-set ([^\n]*)" do sets[#sets + 1] = set end
  local named = row.text:match "\n# file: ([^\n]*)"
  file = file or named
  if not file then return nil, ("run %d was not made from a file, so it cannot be resumed"):format(row.id) end
  local cfg, problems = config.load(file, { set = sets })
  if not cfg then return nil, problems end
  if config.hash(cfg) ~= row.hash then
    return nil, ("%s is not what run %d was started with (its hash is %s, the run's is %s): give the file with "
      .. "--config, or start a new run"):format(file, row.id, config.hash(cfg), row.hash)
  end
  return cfg
end

--- Goes on with a run of a database.
-- @param path of the database
-- @param id of the run, or nil for the newest that is not finished
-- @param file nil, or where its configuration lies now
-- @param options as of execute, without `set` and `db`
-- @return as execute
function M.resume(path, id, file, options)
  local row, err = unfinished(path, id)
  if not row then return nil, err end
  if row.status == "finished" then return nil, ("run %d is finished"):format(row.id) end
  local cfg
  cfg, err = configuration_of(row, file)
  if not cfg then return nil, err, "configuration" end
  local passed = {}
  for key, value in pairs(options) do passed[key] = value end
  passed.db, passed.resume = path, row.id
  return run_checked(cfg, passed)
end

--- Joins the parts of a sharded sweep into a run, and goes on with what needs all combos.
-- @param target path of the database that gets the run
-- @param paths list of the databases that the shards are in
-- @param file nil, or where the configuration lies now
-- @param options as of resume
-- @return as execute
function M.merge(target, paths, file, options)
  for _, path in ipairs(paths) do
    if path == target then return nil, path .. " is a part itself: give another file to merge into" end
  end
  local parts, problems = merge.find(paths)
  if not parts then return nil, problems end
  local first = parts[1]
  local cfg, err = configuration_of({ id = first.id, text = first.config_text, hash = first.config_hash }, file)
  if not cfg then return nil, err, "configuration" end
  local passed = {}
  for key, value in pairs(options) do passed[key] = value end
  passed.db, passed.parts, passed.config_text = target, parts, first.config_text:gsub("\n# execution:\n.*$", "")
  return run_checked(cfg, passed)
end

-- What collects trades or rows in memory, in the form of the writers of lua/export.lua.
local function collector(take)
  local self = { lists = {} }
  function self.list(combo, portfolio)
    local key = combo:match "^[^/]*" .. "\0" .. portfolio -- writers are told "c0001/main" where there are several
    self.lists[key] = self.lists[key] or {}
    return self.lists[key]
  end
  function self.add(_, combo, ...) return take(self, combo, ...) end
  function self.close() return true end
  function self.abort() end
  return self
end

local function trades_collector()
  return collector(function(self, combo, trades, n, symbols, portfolio)
    local list = self.list(combo, portfolio)
    for k = 0, n - 1 do
      local t = trades[k]
      list[#list + 1] = {
        trade = tonumber(t.id), symbol = symbols[t.instrument + 1], side = t.side > 0 and "long" or "short",
        entry_time = iso(t.entry_ts_ns), entry_price = t.entry_price, exit_time = iso(t.exit_ts_ns),
        exit_price = t.exit_price, quantity = t.quantity, pnl = t.pnl, return_pct = t.return_pct, fees = t.fees,
        entry_bar = tonumber(t.entry_bar), exit_bar = tonumber(t.exit_bar),
        exit_reason = ffi.string(C.pln_exit_reason_name(t.exit_reason)), is_open = t.is_open ~= 0,
      }
    end
    return true
  end)
end

local function equity_collector()
  return collector(function(self, combo, rows, portfolio)
    local list = self.list(combo, portfolio)
    for k = 0, tonumber(rows.n_rows) - 1 do
      list[#list + 1] = { time = tonumber(rows.ts_ns[k]) / 1e9, equity = rows.equity[k], cash = rows.cash[k] }
    end
    return true
  end)
end

--- What `execute` gives as its message, as a list of lines.
M.problem_lines = config.problem_lines

--- Runs a configuration.
-- @param source path of a YAML file, or a table of the same structure (names and values as docs/configuration.md)
-- @param options nil or {
--   set    = { "portfolios.0.capital=50000", … }: values that replace the configuration's,
--   db     = path of the database, false for none (default: the configuration's results.db),
--   trades = true to have every trade in the results, or the path of a CSV file to write,
--   equity = true to have the equity of every bar in the results, or the path of a CSV file,
--   orders = path of a CSV file,
--   folder = folder beside whose strategies/ a table of a configuration lies (default: the current one),
--   log    = function(line) that gets what strategies log (default: standard error) }
-- @return { id, config_hash, data_hash, seconds, bars, combos, bars_per_second, db, results = { {
--     combo, portfolio, params = { name = value }, metrics = { name = value } (docs/metrics.md; what is undefined is
--     absent; durations in seconds), undefined = { name = why } (too_short, no_benchmark, …; docs/metrics.md),
--     period_returns = { returns, times, benchmark, periods_per_year, risk_free_ann } for lua/returns.lua (not of runs
--     of many combos: results.metrics),
--     trades = { { trade, symbol, side = "long" | "short", entry_time, entry_price, exit_time, exit_price, quantity,
--       pnl, return_pct, fees, entry_bar, exit_bar, exit_reason, is_open } … },
--     equity = { { time (seconds), equity, cash } … } } … } };
--   or nil, a message (a line for each mistake) and what is at fault: "configuration", "data", "interrupted" or nil
--   (the run itself)
function M.run(source, options)
  if type(source) ~= "string" and type(source) ~= "table" then
    error(("configuration is a %s, expected a path or a table"):format(type(source)), 2)
  end
  local passed = {}
  for key, value in pairs(options or {}) do passed[key] = value end
  local trades = passed.trades == true and trades_collector()
  local equity = passed.equity == true and equity_collector()
  passed.trades, passed.equity = trades or passed.trades or nil, equity or passed.equity or nil
  local outcome, problems, fault = M.execute(source, passed)
  if not outcome then return nil, table.concat(M.problem_lines(problems), "\n"), fault end
  local made = { db = outcome.db or nil, results = {} }
  for key, value in pairs(outcome.run) do made[key] = value end
  for k, result in ipairs(outcome.results) do
    made.results[k] = {
      combo = result.combo, portfolio = result.portfolio, params = result.params,
      metrics = stats.to_table(result.values), undefined = stats.undefined(result.why),
      period_returns = result.period_returns,
      trades = trades and trades.list(result.combo, result.portfolio) or nil,
      equity = equity and equity.list(result.combo, result.portfolio) or nil,
    }
  end
  return made
end

return setmetatable(M, { __call = function(_, ...) return M.run(...) end })
