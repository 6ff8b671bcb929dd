--- What a workflow has to say besides its results: text for the terminal, and the same as data for --json.
--
--     local found = findings.new()
--     found:heading "Folds"
--     found:table({ "fold", { "sharpe_ratio", right = true } }, { { "1", "0.8" } })
--     found:set("folds", { { fold = 1, sharpe_ratio = 0.8 } })
--     return results, found
local plot = require "plot"
local tabulate = require "tabulate"

local M = {}

local Findings = {}
Findings.__index = Findings

--- An empty account.
function M.new() return setmetatable({ parts = {}, data = {}, keys = {} }, Findings) end

--- A line above a section.
function Findings:heading(text) self.parts[#self.parts + 1] = text .. "\n" end

--- A line of text.
function Findings:line(text, ...)
  self.parts[#self.parts + 1] = (select("#", ...) > 0 and text:format(...) or text) .. "\n"
end

--- An empty line.
function Findings:gap() self.parts[#self.parts + 1] = "\n" end

--- A table, as lua/tabulate.lua takes it.
function Findings:table(columns, rows) self.parts[#self.parts + 1] = tabulate.format(columns, rows) .. "\n" end

--- A curve.
-- @param series { n, ts = list of nanoseconds, equity = list }
function Findings:curve(series, options) self.parts[#self.parts + 1] = plot.equity(series, options) .. "\n" end

--- A text that is there already, of several lines.
function Findings:text(text) self.parts[#self.parts + 1] = text:gsub("\n*$", "\n") end

--- A member of the JSON object: plain values, lists and tables.
function Findings:set(key, value)
  if self.data[key] == nil then self.keys[#self.keys + 1] = key end
  self.data[key] = value
end

--- All of it as text.
function Findings:format() return table.concat(self.parts) end

return M
