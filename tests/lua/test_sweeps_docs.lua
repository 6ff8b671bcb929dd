-- docs/sweeps.md: its configurations make the grids that it says.
local config = require "config"
local plans = require "plan"
local support = require "support"
local yaml = require "yaml"

TestSweepsDocs = {}

local REST = {
  data = { source = "synthetic", synthetic = { bars = 1000, seed = 1, timeframe = "1h" } },
  symbols = { "MOON" },
  strategies = { "sma_cross" },
  results = { db = "none" },
}

local function plan_of(text)
  local t = yaml.plain(assert(yaml.load(text, "docs/sweeps.md")))
  for key, value in pairs(REST) do
    if t[key] == nil then t[key] = value end
  end
  local cfg, errors = config.from_table(t, "docs/sweeps.md")
  if not cfg then error(tostring(errors[1])) end
  local plan, err = plans.new(cfg)
  return plan or error(tostring(err))
end

-- Of each example that can be run as it is.
local SIZES = {
  3 * 10 * 6 * 4 * 4, -- lists and ranges
  (2 + 1) * 2 * 2 * 2 * 2 * 2 * 5, -- dimensions
  false, -- set: counted below
  false, -- constraints: counted below
  1, -- optimize alone
  500, -- samples
}

function TestSweepsDocs.test_each_example_makes_its_grid()
  local page, n = support.read(support.home .. "/docs/sweeps.md"), 0
  for body in page:gmatch "```yaml\n(.-)\n```" do
    n = n + 1
    local size = plan_of(body).grid:size()
    lu.assertNotNil(SIZES[n], "an example more: " .. body)
    if n == 3 then
      local kept = 0
      for k = 1, 20 do
        for _, bars in ipairs { 5, 20, 60 } do
          if k * 0.5 < 5 or bars > 5 then kept = kept + 4 end
        end
      end
      lu.assertEquals(size, kept)
    elseif n == 4 then
      local kept = 0
      for fast = 5, 50, 5 do
        for slow = 20, 200, 10 do
          for _, period in ipairs { 7, 14, 21 } do
            if fast < slow and fast * 2 <= slow and (period == 14 or slow > 100) then kept = kept + 1 end
          end
        end
      end
      lu.assertEquals(size, kept)
    else
      lu.assertEquals(size, SIZES[n], body)
    end
  end
  lu.assertEquals(n, #SIZES)
end

function TestSweepsDocs.test_the_example_of_a_file()
  local page = support.read(support.home .. "/docs/sweeps.md")
  local chunk = assert(loadstring(page:match "```lua\n(.-)\n```"))
  lu.assertTrue(chunk() { fast = 1, ["sma.fast"] = 1, slow = 11, ["sma.slow"] = 11 })
end

function TestSweepsDocs.test_the_example_configuration()
  local cfg = assert(config.load(support.home .. "/examples/sweep.yaml"))
  local kept = 0
  for fast = 10, 60, 10 do
    for _, slow in ipairs { 40, 80, 160, 320 } do
      if fast * 2 <= slow then kept = kept + 1 end
    end
  end
  lu.assertEquals(assert(plans.new(cfg)).grid:size(), kept * 8)
end
