--- The coordinator: takes a configuration, picks its workflow, owns the results, resumes what was interrupted.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local export = require "export"
local plan_models = require "plan_models"
local plans = require "plan"
local registry = require "registry"
local shard = require "shard"
local store = require "store"
local suggest = require "suggest"
local workers = require "workers"
local workflow = require "workflow"
local C = abi.C

local M = {}

local FILE_KINDS = { "trades", "equity", "orders", "decisions" }

-- The workflow that needs no database.
local PLAIN = "full_backtest"

local function seconds_since(start_ns) return tonumber(C.pln_clock_monotonic_ns() - start_ns) / 1e9 end

-- Whether trades may have an income, or a rate other than 1.
local function has_currencies(plan)
  for _, symbol in ipairs(plan.symbols) do
    if symbol.actions then return true end
  end
  for _, portfolio in ipairs(plan.portfolios) do
    for _, steps in pairs(portfolio.fx or {}) do
      if #steps > 0 then return true end
    end
  end
  return false
end

local function open_files(options, plan)
  local files, opened, on_disk = {}, {}, false
  for _, kind in ipairs(FILE_KINDS) do
    if options[kind] then
      local writer, err = options[kind], nil
      if type(writer) == "string" then
        local make = kind == "trades" and has_currencies(plan) and export.trades_in_currency or export[kind]
        writer, err = make(writer)
        on_disk = true
      end
      if not writer then
        for _, other in ipairs(opened) do other:abort() end
        return nil, err
      end
      files[kind] = writer
      opened[#opened + 1] = writer
    end
  end
  return files, opened, on_disk
end

-- What a run is stored with: its configuration, and what that leaves to defaults and profiles, as comments.
local function with_assumptions(text, plan)
  local lines = { (text:gsub("\n+$", "")), "# execution:" }
  for _, line in ipairs(plan_models.assumptions(plan)) do lines[#lines + 1] = "#   " .. line end
  return table.concat(lines, "\n") .. "\n"
end

-- Workflows: those of Perilune, and files in a folder `workflows` beside the configuration.
local function workflow_folders(folder)
  return { folder .. "/workflows", ffi.string(C.pln_host_home()) .. "/workflows" }
end

--- Names of the workflows that a configuration in `folder` can use, sorted.
function M.workflows(folder)
  local names, seen = {}, {}
  for _, path in ipairs(workflow_folders(folder)) do
    for _, file in ipairs(registry.files_of(path)) do
      local name = file:match "^(.*)%.lua$"
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names)
  return names
end

--- A workflow by name: workflows/NAME.lua beside the configuration, or of Perilune, which returns { help =, run =
-- function(w) → results, report; or nil, message }. nil and a message where there is none.
function M.workflow(name, folder)
  for _, path in ipairs(workflow_folders(folder)) do
    local file = io.open(path .. "/" .. name .. ".lua", "rb")
    if file then
      file:close()
      local chunk, err = loadfile(path .. "/" .. name .. ".lua")
      if not chunk then return nil, err end
      -- In another program's LuaJIT `require` is not the one that finds Perilune's modules.
      return setfenv(chunk, setmetatable({ require = require }, { __index = _G }))()
    end
  end
  local names = M.workflows(folder)
  return nil, ("there is no workflow '%s'%s: found %s"):format(name, suggest.hint(name, names),
    table.concat(names, ", "))
end

-- What speaks against running a shard.
local function shard_problem(cfg, path)
  if cfg.optimize and cfg.optimize.search == "bayesian" then
    return config.error_at(cfg, "optimize.search", "an adaptive search chooses combos by the results of others, so it "
      .. "cannot be cut into shards: leave out --shard, or take search: random")
  end
  if not path then return "a shard needs a database to keep its part in: give one with --db" end
end

-- Opens the database, and in it a new run or the one that is resumed. A workflow of several phases keeps them in a
-- file of its own where none is asked for.
local function open_store(self, options)
  local cfg, plan, path = self.cfg, self.plan, options.db
  if path == nil then path = cfg.results.db ~= "none" and cfg.results.db or false end
  local problem = self.shard and shard_problem(cfg, path)
  if problem then return nil, problem, "configuration" end
  if not path and (cfg.workflow ~= PLAIN or self.n_workers > 1) then
    path = os.tmpname()
    self.scratch = path
  end
  if not path then return true end
  self.path = path
  local err
  self.db, err = store.open(path)
  if not self.db then return nil, err end
  if options.resume then
    self.stored, err = self.db:run(options.resume)
    if not self.stored then return nil, err end
    if self.stored.shard then
      self.shard, err = shard.parse(self.stored.shard)
      if not self.shard then return nil, err end
    end
    return self.stored:reopen()
  end
  self.stored, err = self.db:begin_run {
    workflow = cfg.workflow, name = cfg.name,
    config_text = with_assumptions(options.config_text or config.canonical(cfg), plan),
    config_hash = config.hash(cfg), data_hash = plan.data_hash, seed = cfg.seed,
    shard = self.shard and self.shard.text or nil,
  }
  if not self.stored then return nil, err end
  for _, stream in ipairs(plan.streams) do
    self.stored:add_data {
      symbol = stream.symbol, timeframe = stream.timeframe, bars = stream.bars, quality = stream.entry.report,
    }
  end
  return self.db:commit()
end

local DATABASE_FILES = { "", "-wal", "-shm" }

local function remove_scratch(self)
  if not self.scratch then return end
  for _, ending in ipairs(DATABASE_FILES) do os.remove(self.scratch .. ending) end
end

local function run_workflow(self, chosen)
  collectgarbage() -- what loading left behind, before the loops start
  local ok, results, report = pcall(chosen.run, self)
  if ok then return results, report end
  if results == workflow.END_OF_SHARD then return {}, self.shard:report(self.grid, self.path) end
  return nil, tostring(results)
end

-- Completes the CSV files, or, after a failure, leaves none behind. Returns the first failure's message.
local function close_files(opened, complete)
  local problem
  for _, writer in ipairs(opened) do
    local closed, err = true, nil
    if complete and not problem then closed, err = writer:close() else writer:abort() end
    if not closed then problem = err end
  end
  return problem
end

-- What is said of a run that was interrupted.
local function interruption(self)
  if not self.stored or self.scratch then return "interrupted" end
  return ("interrupted; what was done is kept: perilune resume %d%s goes on"):format(self.stored.id,
    self.path == store.DEFAULT_PATH and "" or " --db " .. self.path)
end

--- Runs a configuration.
-- @param cfg of config.load
-- @param options { db = path or false (default: the configuration's), trades, equity, orders = CSV paths (or writers
--   such as lua/export.lua's), on_progress = function(phase, combos) giving { part(combos, rows), done(combos),
--   clear() }, on_plan = function(plan), log = function(instance, message), workers = number or "auto" (default: the
--   configuration's engine.workers), shard = of lua/shard.lua, resume = id of a run of the database, parts =
--   of merge.find: a run that has what these have, on_task = function(spec) giving a task of lua/progress.lua }
-- @return { run = {…}, results = list of outcomes, report = of the workflow or nil, db = path }, or nil, a message and,
--   where it was not the run that failed, "configuration", "data" or "interrupted"
function M.run(cfg, options)
  local start_ns = C.pln_clock_monotonic_ns()
  local file, folder = config.source(cfg)
  local chosen, err = M.workflow(cfg.workflow, folder)
  if not chosen then return nil, config.error_at(cfg, "workflow", err), "configuration" end
  local plan, fault
  plan, err, fault = plans.new(cfg)
  if not plan then return nil, err, fault or "configuration" end
  plan.record_orders = cfg.results.orders or options.orders ~= nil
  plan.record_decisions = cfg.results.decisions or options.decisions ~= nil
  if options.on_plan then options.on_plan(plan) end
  local files, opened, on_disk = open_files(options, plan)
  if not files then return nil, opened end
  local self = workflow.new {
    cfg = cfg, plan = plan, log = options.log, on_progress = options.on_progress,
    on_estimate = options.on_estimate, files = files, writes_files = on_disk,
    n_workers = workers.count(options.workers or cfg.engine.workers), shard = options.shard, file = file,
    grid = plan.grid, parts = options.parts, on_task = options.on_task,
  }
  C.pln_stop_begin()
  local function give_up(message, at_fault)
    C.pln_stop_end()
    close_files(opened, false)
    if self.db then self.db:close() end
    remove_scratch(self)
    return nil, message, at_fault
  end
  local ok
  ok, err, fault = open_store(self, options)
  if not ok then return give_up(err, fault) end
  local results, report = run_workflow(self, chosen)
  local interrupted = not results and C.pln_stop_requested() ~= 0
  if not results then err = interrupted and interruption(self) or report end
  self:close()
  local seconds, bars = seconds_since(start_ns), self.n_bars_done + self.n_bars_under_way
  local unwritten = close_files(opened, results ~= nil)
  if unwritten then results, err = nil, unwritten end
  local id = self.stored and not self.scratch and self.stored.id or nil
  if self.stored then
    local stored, store_err = self.stored:finish {
      status = results and "finished" or interrupted and "interrupted" or "failed", seconds = seconds, bars = bars,
      message = interrupted and "interrupted" or not results and err or nil,
    }
    self.db:close()
    if results and not stored then results, err = nil, store_err end
  end
  remove_scratch(self)
  C.pln_stop_end()
  local n_combos = plan.grid:size()
  if self.shard and results and report then n_combos = math.max(1, report.data.combos) end
  if not results then return nil, err, interrupted and "interrupted" or nil end
  return {
    run = {
      id = id, config_hash = config.hash(cfg), data_hash = plan.data_hash, seconds = seconds, bars = bars,
      combos = n_combos, assumptions = plan_models.assumptions(plan),
      bars_per_second = seconds > 0 and bars / seconds or 0,
    },
    results = results, report = report, db = not self.scratch and self.path or false, plan = plan,
  }
end

return M
