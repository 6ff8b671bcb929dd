--- Instruments the source of a strategy: counters in loops and functions, `x^y` as a call, and the checks that the
-- sandbox can only make before the code runs (globals, mutable upvalues, misspelt parameters).
--
-- A complete recursive-descent parser of Lua 5.1 with LuaJIT's extensions. It makes no tree: it follows the grammar,
-- keeps scopes, and collects insertions at byte positions. Insertions hold no line break, so every line keeps its
-- number and the real compiler's messages and tracebacks are the user's.
local checks = require "lua_checks"
local lexer = require "lua_lexer"

local M = {}

--- Longest source that is accepted, in bytes.
M.MAX_SOURCE = 1024 * 1024

-- Names that the injected code uses; the user's may not begin with two underscores.
local BUDGET, STOP, POW = "__budget", "__stop", "__pow"
local COUNT = (" %s.left=%s.left-1 if %s.left<0 then %s() end "):format(BUDGET, BUDGET, BUDGET, STOP)
local PRELUDE = ("local %s,%s,%s=...; "):format(BUDGET, STOP, POW)

-- Roles of the parameters of a strategy's functions, by position (lua_checks: what is read-only).
local ROLES = {
  signal = { "features", "bar", "params", "state", "out" },
  classify = { "features", "bar", "params", "state" },
  on_bar = { "ctx", "features", "bar", "params", "state" },
  on_fill = { "ctx", "fill", "params", "state" },
  on_order = { "ctx", "order", "params", "state" },
  on_schedule = { "ctx", "timer", "features", "bar", "params", "state" },
  schedule = { "params" },
  on_start = { "ctx", "params", "state" },
  on_end = { "ctx", "params", "state" },
  features = { "params", "builder" },
  rule = { "params", "builder" },
  state = { "params" },
  step = { "state", "inputs", "params" },
  fill = { "order", "bar", "params", "state" },
  filter = { "signal", "features", "bar", "params", "state" },
  warmup = { "params" },
}
-- Left and right binding powers, as in the reference implementation (lparser.c).
local BINARY = {
  ["+"] = { 6, 6 }, ["-"] = { 6, 6 }, ["*"] = { 7, 7 }, ["/"] = { 7, 7 }, ["%"] = { 7, 7 },
  ["^"] = { 10, 9 }, [".."] = { 5, 4 },
  ["~="] = { 3, 3 }, ["=="] = { 3, 3 }, ["<"] = { 3, 3 }, ["<="] = { 3, 3 }, [">"] = { 3, 3 }, [">="] = { 3, 3 },
  ["and"] = { 2, 2 }, ["or"] = { 1, 1 },
}
local UNARY_POWER = 8
local CONSTANT = { ["("] = true, [")"] = true, ["-"] = true, ["not"] = true }
for _, kind in ipairs { "number", "string", "nil", "true", "false" } do CONSTANT[kind] = true end
for operator in pairs(BINARY) do CONSTANT[operator] = true end
local BLOCK_END = { ["end"] = true, ["else"] = true, ["elseif"] = true, ["until"] = true, eof = true }

local Parser = setmetatable({}, { __index = checks })
Parser.__index = Parser

function Parser:fail(line, format, ...)
  error({ parser = self, message = ("%s:%d: %s"):format(self.file, line, format:format(...)) }, 0)
end

function Parser:insert(pos, text)
  self.n_edits = self.n_edits + 1
  self.edits[self.n_edits] = { pos = pos, order = self.n_edits, text = text }
end

-- Tokens ------------------------------------------------------------------------------------------------------------

function Parser:peek(offset) return self.tokens.type[self.at + (offset or 0)] end
function Parser:line() return self.tokens.line[self.at] end
function Parser:next()
  local at = self.at
  if at < self.tokens.n then self.at = at + 1 end
  return self.tokens.text[at], at
end

function Parser:accept(kind)
  if self:peek() == kind then
    self:next()
    return true
  end
  return false
end

function Parser:expect(kind)
  if self:peek() ~= kind then
    -- The real compiler accepted the source, so this is a construct that this parser does not know.
    self:fail(self:line(), "unexpected '%s' (expected '%s')", self.tokens.text[self.at], kind)
  end
  return self:next()
end

function Parser:name()
  local line = self:line()
  local text = self:expect "name"
  if text:sub(1, 2) == "__" then
    self:fail(line, "'%s': names that begin with two underscores are reserved", text)
  end
  return text, line
end

-- Scopes ------------------------------------------------------------------------------------------------------------

function Parser:open_function()
  self.func = { parent = self.func, depth = self.func and self.func.depth + 1 or 0 }
  self:open_block()
end

function Parser:close_function()
  self:close_block()
  self.func = self.func.parent
end

function Parser:open_block()
  self.scope = { parent = self.scope, names = {}, labels = {}, func = self.func }
end

function Parser:close_block() self.scope = self.scope.parent end

-- `alias` is the variable whose table a new local shares (`local t = cache`), where that is plain to see.
function Parser:declare(name, role, alias)
  self.scope.names[name] = { name = name, func = self.func, role = role, alias = alias }
end

function Parser:resolve(name)
  local scope = self.scope
  while scope do
    local variable = scope.names[name]
    if variable then return variable end
    scope = scope.parent
  end
  return nil
end

function Parser:label_seen(name)
  local scope = self.scope
  while scope and scope.func == self.func do
    if scope.labels[name] then return true end
    scope = scope.parent
  end
  return false
end

-- Expressions -------------------------------------------------------------------------------------------------------
-- An expression's result is what the callers need to know of it: { kind = "name" | "index" | "call" | "paren", name =
-- the variable at its root, line }, or nothing.

-- Returns the results by position.
function Parser:expression_list()
  local results, n = { self:expression(0) }, 1
  while self:accept "," do
    n = n + 1
    results[n] = self:expression(0)
  end
  return results
end

function Parser:primary()
  local kind, line = self:peek(), self:line()
  if kind == "name" then
    local name = self:name()
    self:read_name(name, line)
    return { kind = "name", name = name, line = line }
  end
  self:expect "("
  local inside = self:expression(0)
  self:expect ")"
  return { kind = "paren", name = inside and inside.name, line = line }
end

local TABLE_CHANGERS = { insert = true, remove = true, sort = true }

function Parser:arguments(callee)
  local kind = self:peek()
  if kind == "string" then
    self:next()
  elseif kind == "{" then
    self:table_constructor(callee.declares)
  else
    self:expect "("
    if self:peek() ~= ")" then
      if callee.changes_first then
        local first = self:peek() == "name" and (self:peek(1) == "," or self:peek(1) == ")")
        if first then
          local name = self.tokens.text[self.at]
          self:check_change(name, self:resolve(name), self:line())
        end
      end
      if callee.declares and self:peek() == "{" then
        self:table_constructor(true)
        self:suffixes_after_constructor()
      else
        self:expression_list()
      end
    end
    self:expect ")"
  end
end

-- `strategy({…})`: the table is the whole argument, or the start of an odd expression that is followed as it comes.
function Parser:suffixes_after_constructor()
  while self:peek() ~= ")" and self:peek() ~= "eof" do
    if not self:accept "," then self:binary_tail(0, self.tokens.first[self.at]) end
    if self:peek() ~= ")" then self:expression(0) end
  end
end

local DECLARATIONS = { strategy = true, classifier = true, indicator = true, signal_filter = true }

local function is_declaration(name) return DECLARATIONS[name] or false end

function Parser:suffixed()
  local expression = self:primary()
  self:note_bar(expression)
  while true do
    local kind, line = self:peek(), self:line()
    if kind == "." then
      self:next()
      local field = self:name()
      self:use_field(expression, field, line)
      expression = {
        kind = "index", name = expression.name, line = line, deep = expression.kind ~= "name",
        changes_first = expression.kind == "name" and expression.name == "table" and not self:resolve "table"
          and TABLE_CHANGERS[field],
      }
    elseif kind == "[" then
      self:next()
      self:expression(0)
      self:expect "]"
      expression = { kind = "index", name = expression.name, line = line, deep = true }
    elseif kind == ":" then
      self:next()
      self:check_literal(expression, (self:name()))
      self:arguments {}
      expression = { kind = "call", line = line }
    elseif kind == "(" or kind == "{" or kind == "string" then
      if expression.kind == "name" and is_declaration(expression.name) and not self:resolve(expression.name) then
        expression.declares = true
      end
      self:arguments(expression)
      expression = { kind = "call", line = line }
    else
      return expression
    end
  end
end

-- Whether what was read since token `first` is made of constants alone.
function Parser:is_constant(first)
  for at = first, self.at - 1 do
    if not CONSTANT[self.tokens.type[at]] then return false end
  end
  return true
end

-- An item of a list. LuaJIT 2.1 (beta3) forgets to check the end of a loop over a list of constants that is made within
-- an outer loop (`for _, x in ipairs { 1, 2 } do`) once both are compiled, and leaves items out: within functions no
-- item is a constant to the compiler.
function Parser:list_item()
  local first, start = self.at, self.tokens.first[self.at]
  self:expression(0)
  if self.func.depth > 0 and self:is_constant(first) then
    self:insert(start, BUDGET .. " and(")
    self:insert(self.tokens.last[self.at - 1] + 1, ")")
  end
end

function Parser:table_constructor(declares, path)
  self:expect "{"
  if declares and not path then self.info.lines, self.info.literals, self.info.order = {}, {}, {} end
  while self:peek() ~= "}" do
    if self:peek() == "name" and self:peek(1) == "=" then
      local line = self:line()
      local key = self:name()
      self:next()
      local full = declares and (path and path .. "." .. key or key)
      if full then
        if self.info.lines[full] then
          self:fail(line, "'%s' is given twice (first at line %d)", full, self.info.lines[full])
        end
        self.info.lines[full], self.info.order[full] = line, self.at
        if self:peek() == "number" then self.info.literals[full] = self.tokens.text[self.at] end
      end
      if full and self:peek() == "{" then
        self:table_constructor(true, full)
        self:binary_tail(0, self.tokens.first[self.at])
      elseif full and not path and self:peek() == "function" then
        self:next()
        self.info.callbacks[key] = true
        self:function_body(ROLES[key])
      else
        self:expression(0)
      end
    elseif self:peek() == "[" then
      self:next()
      self:expression(0)
      self:expect "]"
      self:expect "="
      self:expression(0)
    else
      if declares and self:peek() == "number" and path and not self.info.literals[path] then
        self.info.literals[path] = self.tokens.text[self.at]
      end
      self:list_item()
    end
    if not (self:accept "," or self:accept ";") then break end
  end
  self:expect "}"
end

function Parser:function_body(roles, is_method)
  self:open_function()
  if is_method then self:declare "self" end
  self:expect "("
  local index = 0
  while self:peek() ~= ")" do
    if self:accept "..." then
      if roles then self.info.bar_escapes = true end
    else
      index = index + 1
      local name = self:name()
      self:declare(name, roles and roles[index])
    end
    self:accept ","
  end
  local _, at = self:expect ")"
  self:insert(self.tokens.last[at] + 1, COUNT)
  self:block()
  self:expect "end"
  self:close_function()
end

function Parser:simple()
  local kind = self:peek()
  if kind == "number" or kind == "string" or kind == "nil" or kind == "true" or kind == "false" or kind == "..." then
    self:next()
    return nil
  elseif kind == "{" then
    self:table_constructor(false)
    return nil
  elseif kind == "function" then
    self:next()
    self:function_body()
    return nil
  end
  return self:suffixed()
end

function Parser:expression(limit)
  local kind = self:peek()
  local start = self.tokens.first[self.at]
  local result
  if kind == "not" or kind == "-" or kind == "#" then
    self:next()
    self:expression(UNARY_POWER)
  else
    result = self:simple()
  end
  return self:binary_tail(limit, start, result)
end

function Parser:binary_tail(limit, start, result)
  while true do
    local operator = self:peek()
    local power = BINARY[operator]
    if not power or power[1] <= limit then return result end
    local _, at = self:next()
    if operator == "^" then
      -- The operand in parentheses: a call there gives exactly one value.
      self:insert(start, POW .. "(")
      self.replaced[self.tokens.first[at]] = ",("
      self:expression(power[2])
      self:insert(self.tokens.last[self.at - 1] + 1, "))")
    else
      self:expression(power[2])
    end
    result = nil
  end
end

-- Statements --------------------------------------------------------------------------------------------------------

function Parser:loop_body()
  self:insert(self.tokens.last[self.at - 1] + 1, COUNT)
  self:block()
end

local statements = {}

statements["if"] = function(self)
  self:next()
  self:expression(0)
  self:expect "then"
  self:scoped_block()
  while self:accept "elseif" do
    self:expression(0)
    self:expect "then"
    self:scoped_block()
  end
  if self:accept "else" then self:scoped_block() end
  self:expect "end"
end

statements["while"] = function(self)
  self:next()
  self:expression(0)
  self:expect "do"
  self:open_block()
  self:loop_body()
  self:close_block()
  self:expect "end"
end

statements["do"] = function(self)
  self:next()
  self:scoped_block()
  self:expect "end"
end

statements["for"] = function(self)
  self:next()
  local names = { (self:name()) }
  while self:accept "," do names[#names + 1] = self:name() end
  if not self:accept "=" then self:expect "in" end
  self:expression_list()
  self:expect "do"
  self:open_block()
  for _, name in ipairs(names) do self:declare(name) end
  self:loop_body()
  self:close_block()
  self:expect "end"
end

statements["repeat"] = function(self)
  self:next()
  self:open_block()
  self:loop_body()
  self:expect "until"
  self:expression(0)
  self:close_block()
end

statements["function"] = function(self)
  self:next()
  local name, line = self:name()
  local target = { kind = "name", name = name, line = line }
  local is_method = false
  while self:peek() == "." or self:peek() == ":" do
    is_method = self:next() == ":"
    self:name()
    target.kind = "index"
  end
  if target.kind == "name" and not self:resolve(name) and self.known[name] == nil then
    self:fail(line, "assignment to global '%s': write `local function %s(…)`", name, name)
  end
  self:check_assignment(target)
  self:function_body(nil, is_method)
end

statements["local"] = function(self)
  self:next()
  if self:accept "function" then
    local name = self:name()
    self:declare(name)
    self:function_body()
    return
  end
  local names = {}
  repeat names[#names + 1] = self:name() until not self:accept ","
  local values = self:accept "=" and self:expression_list() or {}
  local aliases = {}
  for i, value in pairs(values) do
    if value.name and value.kind ~= "call" then
      local variable = self:resolve(value.name)
      aliases[i] = variable and (variable.alias or variable)
    end
  end
  for i, name in ipairs(names) do self:declare(name, nil, aliases[i]) end
end

statements["return"] = function(self)
  self:next()
  if not BLOCK_END[self:peek()] and self:peek() ~= ";" then self:expression_list() end
end

statements["break"] = function(self) self:next() end
statements[";"] = statements["break"]

statements["::"] = function(self)
  self:next()
  self.scope.labels[self:name()] = true
  self:expect "::"
end

function Parser:goto_statement()
  local _, at = self:next()
  -- Only a jump backwards makes a loop; a counter at a label could end up between a `local` and its last use.
  if self:label_seen(self:name()) then self:insert(self.tokens.first[at], COUNT) end
end

-- A target of an assignment, or a call. A bare name that is assigned is not read: its own message is clearer.
function Parser:target()
  local following = self:peek(1)
  if self:peek() == "name" and (following == "=" or following == ",") then
    local name, line = self:name()
    return { kind = "name", name = name, line = line }
  end
  return self:suffixed()
end

function Parser:expression_statement()
  local target = self:target()
  if self:peek() == "=" or self:peek() == "," then
    self:check_assignment(target)
    while self:accept "," do self:check_assignment(self:target()) end
    self:expect "="
    self:expression_list()
  end
end

function Parser:block()
  while not BLOCK_END[self:peek()] do
    local kind = self:peek()
    local statement = statements[kind]
    if statement then
      statement(self)
    elseif kind == "name" and self.tokens.text[self.at] == "goto" and self:peek(1) == "name" then
      self:goto_statement()
    else
      self:expression_statement()
    end
  end
end

function Parser:scoped_block()
  self:open_block()
  self:block()
  self:close_block()
end

-- Output ------------------------------------------------------------------------------------------------------------

function Parser:output(source)
  for pos, text in pairs(self.replaced) do
    self.n_edits = self.n_edits + 1
    self.edits[self.n_edits] = { pos = pos, order = self.n_edits, text = text, skip = 1 }
  end
  table.sort(self.edits, function(a, b)
    if a.pos ~= b.pos then return a.pos < b.pos end
    return a.order < b.order
  end)
  local out, done = { PRELUDE }, 1
  for _, edit in ipairs(self.edits) do
    out[#out + 1] = source:sub(done, edit.pos - 1)
    out[#out + 1] = edit.text
    done = edit.pos + (edit.skip or 0)
  end
  out[#out + 1] = source:sub(done)
  return table.concat(out)
end

--- Checks and instruments a source.
-- @param source text of the file; compiled chunks are refused
-- @param file name for messages
-- @param chunk chunk name without its "@", at most 55 bytes (longer ones are cut by the compiler in messages)
-- @param options { known = global names, each true or a table of its members; hints = why a name ("io", "math.huge")
--   is missing; literals = by method of ctx, the keys of the table in its call, each true }
-- @return a source whose chunk takes (budget, stop, pow) as its arguments, and what was seen: { uses = { { role=,
--   name=, line= } } fields of the parameters of a strategy's functions, lines = { ["params.fast"] = line },
--   order = { the same: place in the source }, literals = { ["params.fast"] = text of the number }, callbacks = {
--   signal = true } functions written in place, bar_escapes = true when the bar is used other than by a field,
--   uses_random = true }; or nil and "file:line: message"
function M.instrument(source, file, chunk, options)
  if #source > M.MAX_SOURCE then
    return nil, ("%s:1: %d bytes of source, at most %d are accepted"):format(file, #source, M.MAX_SOURCE)
  end
  if source:sub(1, 1) == "\27" then
    return nil, file .. ":1: a compiled chunk, expected Lua source text"
  end
  source = source:gsub("^\239\187\191", ""):gsub("^#[^\r\n]*", "")
  local compiled, message = loadstring(source, "@" .. chunk)
  if not compiled then return nil, M.relocate(message, file, chunk) end
  local parser = setmetatable({
    file = file, tokens = lexer.tokens(source), at = 1, edits = {}, n_edits = 0, replaced = {},
    known = options.known, hints = options.hints or {}, literals = options.literals or {},
    info = { uses = {}, lines = {}, literals = {}, order = {}, callbacks = {} },
  }, Parser)
  local ok, err = pcall(function()
    parser:open_function()
    parser:block()
    parser:expect "eof"
  end)
  if not ok then
    if type(err) == "table" and err.parser == parser then return nil, err.message end
    error(err, 0)
  end
  local instrumented = parser:output(source)
  local fits, limit = loadstring(instrumented, "@" .. chunk)
  if not fits then return nil, M.relocate(limit, file, chunk) end
  return instrumented, parser.info
end

--- Puts the file's name in place of the chunk's at the head of a compiler's message.
function M.relocate(message, file, chunk)
  local prefix = chunk .. ":"
  if message:sub(1, #prefix) == prefix then message = file .. ":" .. message:sub(#prefix + 1) end
  return (message:gsub("[\r\n]+", " "))
end

return M
