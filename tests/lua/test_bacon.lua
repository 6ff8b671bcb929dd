--- The textbook figures (Bacon 2008) that PerformanceAnalytics prints in its examples, as printed.
local lu = require "luaunit"
local json = require "json"
local returns = require "returns"
local support = require "support"

TestBacon = {}

-- The statistic, and options that differ from a required return of 0.005.
local STATISTICS = {
  ["AdjustedSharpeRatio.R"] = { "adjusted_sharpe_ratio" },
  ["AppraisalRatio.R"] = { "appraisal_ratio" },
  ["BernadoLedoitratio.R"] = { "bernardo_ledoit_ratio" },
  ["BurkeRatio.R"] = { "burke_ratio" },
  ["BurkeRatio.R modified = TRUE"] = { "modified_burke_ratio" },
  ["CAPM.jensenAlpha.R"] = { "jensen_alpha" },
  ["DRatio.R"] = { "d_ratio" },
  ["DownsideDeviation.R"] = { "downside_deviation" },
  ["DownsideDeviation.R Potential"] = { "downside_potential" },
  ["DownsideFrequency.R"] = { "downside_frequency" },
  ["FamaBeta.R"] = { "fama_beta" },
  ["Kappa.R"] = { "kappa_ratio" },
  ["M2Sortino.R"] = { "m_squared_sortino" },
  ["MSquared.R"] = { "m_squared" },
  ["MSquaredExcess.R"] = { "m_squared_excess_geometric" },
  ["MSquaredExcess.R Method=\"arithmetic\""] = { "m_squared_excess" },
  ["MartinRatio.R"] = { "martin_ratio" },
  ["MeanAbsoluteDeviation.R"] = { "mean_absolute_deviation" },
  ["NetSelectivity.R"] = { "net_selectivity" },
  ["OmegaExcessReturn.R"] = { "omega_excess_return" },
  ["OmegaSharpeRatio.R"] = { "omega_sharpe_ratio" },
  ["PainIndex.R"] = { "pain_index" },
  ["PainRatio.R"] = { "pain_ratio" },
  ["ProspectRatio.R"] = { "prospect_ratio", 0.05 }, -- of the example: MAR = 0.05
  ["Selectivity.R"] = { "selectivity" },
  ["SkewnessKurtosisRatio.R"] = { "skewness_kurtosis_ratio" },
  ["SpecificRisk.R"] = { "specific_risk" },
  ["SystematicRisk.R"] = { "systematic_risk" },
  ["TotalRisk.R"] = { "total_risk" },
  ["TreynorRatio.R modified = TRUE"] = { "modified_treynor_ratio" },
  ["UpsideFrequency.R"] = { "upside_frequency" },
  ["UpsideRisk.R stat=\"risk\""] = { "upside_deviation" },
  ["UpsideRisk.R stat=\"potential\""] = { "upside_potential" },
  ["VolatilitySkewness.R stat=\"volatility\""] = { "volatility_skewness" },
  ["VolatilitySkewness.R stat=\"variability\""] = { "variability_skewness" },
  ["kurtosis.R method = \"sample_excess\""] = { "kurtosis" },
}

-- Figures of a formula that the library gives in parts, or under another form of the name.
local FORMULAS = {
  ["CAPM.epsilon.R"] = function(f) -- monthly intercept beside yearly returns, as printed there
    return f.annual_return - f.alpha_arithmetic / 12 - f.beta * f.benchmark_annual_return
  end,
  ["Frequency.R"] = function(_, series) return (series:periods_per_year()) end,
  ["UpsideRisk.R stat=\"variance\""] = function(f) return f.upside_deviation ^ 2 end,
  ["kurtosis.R method = \"sample\""] = function(f, series)
    local n = series.n
    return f.kurtosis + 3 * (n - 1) ^ 2 / ((n - 2) * (n - 3))
  end,
}

-- Printed figures that the printed formula does not give on the printed data: what it gives (the reference's own
-- recomputation, where it has one, agrees), and the likely slip.
local OTHERWISE = {
  ["PainRatio.R"] = 2.5926254479063475, -- printed 2.66
  ["SystematicRisk.R"] = 0.13000978128706778, -- printed 0.013: the point
  ["TotalRisk.R"] = 0.13411562175973, -- printed 0.0134: the point
  ["UpsideRisk.R stat=\"variance\""] = 0.00086279166667, -- printed 0.08628: percent
  ["MSquaredExcess.R"] = -0.015531031572198, -- printed -0.00998, with 0.1117 for the benchmark instead of 0.1180
  ["MSquaredExcess.R Method=\"arithmetic\""] = -0.017363435337678, -- printed -0.011, likewise
  ["managers UpsideRisk.R stat=\"risk\""] = 0.017991108915239, -- printed 1.820: percent, and not quite
}

local function csv_columns(path)
  local columns, times = {}, {}
  local n = 0
  for line in io.lines(path) do
    local cells = {}
    for cell in (line .. ","):gmatch "([^,]*)," do cells[#cells + 1] = cell end
    if cells[1]:match "^%d" then
      n = n + 1
      times[n] = cells[1]
      for k = 2, #cells do
        columns[k - 1] = columns[k - 1] or {}
        columns[k - 1][n] = tonumber(cells[k]) or false
      end
    end
  end
  return columns, times
end

local function decimals_of(text)
  local digits = text:match "%.(%d+)"
  return digits and #digits or 0
end

local function key_of(example)
  local option = example.call:match '(%w+ ?= ?[%w"_]+)%s*%)?$'
  if example.call:match "^DownsidePotential" then return "DownsideDeviation.R Potential" end
  local key = option and example.file .. " " .. option
  return key and (STATISTICS[key] or FORMULAS[key]) and key or example.file
end

local function check(example, printed, series_of)
  local key, managers = key_of(example), example.call:match "managers" ~= nil
  local statistic = STATISTICS[key]
  local required = managers and 0 or statistic and statistic[2] or 0.005
  local series = series_of(managers, required)
  local found
  if statistic then
    found = series:value(statistic[1])
  else
    lu.assertNotNil(FORMULAS[key], "nothing for " .. key)
    found = FORMULAS[key](series:all(), series)
  end
  local what = ("%s: %s"):format(example.file, example.call)
  local otherwise = OTHERWISE[(managers and "managers " or "") .. key]
  if otherwise then
    lu.assertAlmostEquals(found, otherwise, 5e-5 * math.abs(otherwise), what)
    lu.assertTrue(math.abs(found - example.expected) > 10 ^ -decimals_of(printed), what .. ": it does match")
  else
    -- Some are rounded, others cut: a unit of the last digit.
    lu.assertAlmostEquals(found, example.expected, 10 ^ -decimals_of(printed), what)
  end
end

function TestBacon.test_figures_as_printed()
  local bacon, bacon_times = csv_columns(support.shared "data/returns/pa_portfolio_bacon.csv")
  local managers, managers_times = csv_columns(support.shared "data/returns/pa_managers.csv")
  local ham, ham_times = {}, {}
  for k = 1, 12 do ham[k], ham_times[k] = managers[1][k], managers_times[k] end
  lu.assertEquals(ham_times[12], "1996-12-31")
  local text = support.read(support.shared "reference/misc/performance_analytics_bacon.json")
  local printed = {}
  for figure in text:gmatch '"expected": (%-?[%d.]+)' do printed[#printed + 1] = figure end
  local examples = json.decode(text).examples
  lu.assertEquals(#printed, #examples)
  for k, example in ipairs(examples) do
    check(example, printed[k], function(of_managers, required)
      if of_managers then return returns.series(ham, { times = ham_times, required_return = required }) end
      return returns.series(bacon[1], { benchmark = bacon[2], times = bacon_times, required_return = required })
    end)
  end
end
