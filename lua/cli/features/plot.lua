--- perilune features plot FILE EXPRESSION…: features with the prices, in the terminal or as SVG.
local args = require "args"
local common = require "cli.features.common"
local feature = require "feature"
local plot = require "plot"

local M = {
  help = "Plot prices and features, in the terminal or as SVG",
  usage = "perilune features plot FILE [EXPRESSION…] [-o OUT.svg] [options]",
  options = common.with_options {
    { "output", short = "o", value = "FILE", help = "write an SVG" },
    { "last", value = "N", type = "integer", min = 1, help = "only the last N bars" },
    { "overlay", value = "WHICH", choices = { "auto", "all", "none" }, default = "auto",
      help = "which features share the prices' axis" },
    { "width", value = "N", type = "integer", min = 20, max = 10000, help = "columns, or pixels of an SVG" },
    { "height", value = "N", type = "integer", min = 8, max = 10000, help = "lines, or pixels of an SVG" },
  },
  min = 1,
  details = [[
Features on the scale of the prices (averages, bands) are drawn over them, others in panels below: one for each
indicator, or for what stands in one argument with commas between: "rsi(7), rsi(14)". "macd(12, 26, 9).*" is all outputs
of an indicator. Without --from, --to or --last the last bars are shown: as many as fit the terminal, 250 in an SVG.]],
}

function M.run(argv)
  local opts = args.parse(argv, M)
  local texts = { unpack(opts, 2) }
  local expressions, message = feature.expand(texts)
  if not expressions then return nil, message, 2 end
  local bars, streams = common.load(opts, expressions, M)
  if not bars then return nil, streams end
  local default = opts.output and plot.SVG_BARS or require("plot_text").bars_that_fit { width = opts.width }
  local first, last = common.rows(opts, bars, default, M)
  if last <= first then return nil, "there are no bars in that range" end
  local text
  text, message = plot.features(bars, texts, {
    svg = opts.output and true, first = first, last = last, streams = streams, overlay = opts.overlay,
    width = opts.width, height = opts.height,
  })
  if not text then return nil, message, 2 end
  if not opts.output then
    io.write(text)
    return 0
  end
  local file
  file, message = io.open(opts.output, "w")
  if not file then return nil, message end
  file:write(text)
  file:close()
  return 0
end

return M
