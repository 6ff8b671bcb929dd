--- Signal generation: the signals of every combo, captured; nothing is traded.
local combos = require "combos"
local findings = require "findings"
local params_text = require "params_text"
local replays = require "replays"
local tabulate = require "tabulate"

local M = {}

M.help = "Capture the signals of every combo in the database, for signal_replay, SQL and CSV"

local SHOWN = 20

function M.run(w)
  local phase, origin = replays.generate(w, { name = "signals", sharded = true })
  if not phase then return nil, origin end
  local columns, rows = w.db:query("SELECT r.combo, sum(c.rows) FROM main.result_row r JOIN main.signal_chunk c "
    .. "ON c.result = r.id WHERE r.phase = ? GROUP BY r.combo ORDER BY r.combo", phase.stored.content)
  if not columns then return nil, rows end
  local found, shown, data = findings.new(), {}, {}
  for k, row in ipairs(rows) do
    local params = w.plan.grid:params(row[1])
    data[k] = { combo = combos.id(row[1]), params = params, changes = row[2] }
    if k <= SHOWN then
      shown[k] = { combos.id(row[1]), params_text(params), tabulate.number(row[2], 0) }
    end
  end
  found:heading "Signals: changes of target levels"
  found:table({ "combo", { "parameters", keep = true }, { "changes", right = true } }, shown)
  if #rows > SHOWN then found:line("… and %d more", #rows - SHOWN) end
  found:set("signals", data)
  return {}, found
end

return M
