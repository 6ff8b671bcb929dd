std = "luajit"
max_line_length = 120
exclude_files = { "build/**", "build-*/**", "tests/fixtures/**" } -- fixtures are wrong on purpose
-- A strategy file sees the sandbox's names and nothing else.
local strategy_globals = {
  "strategy", "classifier", "indicator", "LONG", "FLAT", "SHORT", "log", "record", "array",
  "signal_filter",
}
files["strategies"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["tests/fixtures/strategies"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["bench/strategies"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["bench/sweep/strategies"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["examples/indicators"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["examples/components"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
files["examples/**/strategies"] = { std = "min", read_globals = strategy_globals, ignore = { "212" } }
-- A luaunit suite is a global table whose name starts with Test.
files["tests"] = { read_globals = { "lu" }, ignore = { "11[123]/Test.*" } }
files["tests/run_suite.lua"] = { globals = { "lu", "os" } }
