std = "luajit"
max_line_length = 120
exclude_files = { "build/**", "build-*/**" }
-- A strategy file sees the sandbox's names and nothing else.
local strategy_globals = { "strategy", "classifier", "LONG", "FLAT", "SHORT", "log", "record" }
files["strategies"] = { std = "min", read_globals = strategy_globals }
files["tests/fixtures/strategies"] = { std = "min", read_globals = strategy_globals }
files["examples/**/strategies"] = { std = "min", read_globals = strategy_globals }
