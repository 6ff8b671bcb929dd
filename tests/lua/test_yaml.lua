-- Scalars by the core schema of YAML 1.2, trees with places, trees from Lua tables.
local yaml = require "yaml"

TestYaml = {}

local function typed(text, kind, value)
  local got_kind, got_value = yaml.type_of(text)
  lu.assertEquals(got_kind, kind, text)
  lu.assertEquals(got_value, value, text)
end

function TestYaml.test_scalars()
  for _, text in ipairs { "", "~", "null", "Null", "NULL" } do typed(text, "null", nil) end
  for _, text in ipairs { "true", "True", "TRUE" } do typed(text, "boolean", true) end
  for _, text in ipairs { "false", "False", "FALSE" } do typed(text, "boolean", false) end
  typed("0", "integer", 0)
  typed("-12", "integer", -12)
  typed("+12", "integer", 12)
  typed("007", "integer", 7)
  typed("1_000_000", "integer", 1000000)
  typed("0x1F", "integer", 31)
  typed("0o17", "integer", 15)
  typed("1.5", "number", 1.5)
  typed("1.", "number", 1)
  typed(".5", "number", 0.5)
  typed("-1.5e-3", "number", -0.0015)
  typed("1e6", "number", 1e6)
  typed("1_000.25", "number", 1000.25)
  typed("0.1", "number", 0.1)
  typed("-.inf", "number", -math.huge)
  typed(".INF", "number", math.huge)
  local kind, nan = yaml.type_of(".nan")
  lu.assertEquals(kind, "number")
  lu.assertTrue(nan ~= nan)
  for _, text in ipairs { "yes", "no", "on", "off", "y", "2020-01-01", "12:30", "1__0", "_1", "1_", "1e", ".", "-",
    "0b1", "1.2.3", "inf", "nan", "0x", "tRuE", "1 2", "-.nan", "1e5x", "--1" } do
    typed(text, "string", text)
  end
end

function TestYaml.test_quoted_and_tagged_scalars()
  local root = assert(yaml.load("[ '1', \"true\", !!str 1, ! 2, !!int 3, !!float 4 ]", "f"))
  local types = {}
  for i, item in ipairs(root.items) do types[i] = item.type end
  lu.assertEquals(types, { "string", "string", "string", "string", "integer", "number" })
  local ok, message = yaml.load("a: !!int x", "f")
  lu.assertNil(ok)
  lu.assertEquals(message, "f:1:4: 'x' is no !!int")
end

function TestYaml.test_tree_has_places()
  local root = assert(yaml.load("a:\n  - b: é\n    c: 2\n", "file.yaml"))
  lu.assertEquals(root.kind, "map")
  local list, entry = yaml.get(root, "a")
  lu.assertEquals({ entry.line, entry.column }, { 1, 1 })
  lu.assertEquals({ list.kind, list.line, list.column, list.file }, { "list", 2, 3, "file.yaml" })
  local c = yaml.get(list.items[1], "c")
  lu.assertEquals({ c.type, c.value, c.text, c.line, c.column }, { "integer", 2, "2", 3, 8 })
  lu.assertNil((yaml.get(root, "b")))
  lu.assertEquals(yaml.plain(root), { a = { { b = "é", c = 2 } } })
  lu.assertIs(yaml.plain(assert(yaml.load("", "f"))), yaml.null)
end

function TestYaml.test_aliases_share_nodes_and_merge_keys_merge()
  local root = assert(yaml.load("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\n", "f"))
  lu.assertIs((yaml.get(root, "a")), (yaml.get(root, "b")))
  lu.assertEquals(yaml.plain(root).c, { k = 1, l = 2 })
end

function TestYaml.test_errors_and_files()
  local root, message = yaml.load("a: 1\na: 2\n", "f.yaml")
  lu.assertNil(root)
  lu.assertEquals(message, "f.yaml:2:1: duplicate key 'a' (first given at line 1)")
  root, message = yaml.load_file("/nonexistent/x.yaml")
  lu.assertNil(root)
  lu.assertEquals(message, "/nonexistent/x.yaml: No such file or directory")
  root, message = yaml.load_file("/")
  lu.assertNil(root)
  lu.assertEquals(message, "/: Is a directory")
end

function TestYaml.test_from_plain()
  local root = assert(yaml.from_plain({ b = { 1, 2.5, "x", true, yaml.null }, a = {} }, "here"))
  lu.assertEquals(root.entries[1].key, "a")
  lu.assertTrue(root.entries[1].node.empty)
  local types = {}
  for i, item in ipairs(root.entries[2].node.items) do types[i] = item.type end
  lu.assertEquals(types, { "integer", "number", "string", "boolean", "null" })
  lu.assertEquals(root.entries[2].node.items[2].text, "2.5")
  lu.assertEquals(root.origin, "here")
  local function refused(value, text)
    local node, message = yaml.from_plain(value, "here")
    lu.assertNil(node)
    lu.assertEquals(message, text)
  end
  refused({ a = print }, "here: a function cannot be configured")
  refused({ 1, 2, x = 3 }, "here: a key has to be a string, got 1")
  local cycle = {}
  cycle.a = cycle
  refused(cycle, "here: nested more than 64 deep")
end
