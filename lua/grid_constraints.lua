--- Constraints of a grid: which of its points are combos.
--
-- A constraint is an expression of comparisons, arithmetic, and, or, not, parentheses, numbers, texts and the functions
-- below over the names of parameters; or a Lua file that returns function(p) → true or false.
local ffi = require "ffi"
local sandbox = require "sandbox"
local suggest = require "suggest"

local M = {}

local FUNCTIONS = {
  abs = math.abs, floor = math.floor, sqrt = math.sqrt,
  ceil = function(x) return -math.floor(-x) end,
  min = function(a, b) return a < b and a or b end,
  max = function(a, b) return a > b and a or b end,
}
local WORDS = { ["and"] = true, ["or"] = true, ["not"] = true, ["true"] = true, ["false"] = true }
local OPERATORS = { "<=", ">=", "==", "~=", "!=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "," }

-- The longest known name that a text has at a place.
local function known_name(text, at, names)
  local best
  for _, name in ipairs(names) do
    if (not best or #name > #best) and text:sub(at, at + #name - 1) == name
      and not text:sub(at + #name, at + #name):find("[%w_]") then
      best = name
    end
  end
  return best
end

-- Reads an expression: a list of tokens, { name = … } or { text = Lua }; or nil and a message.
local function read(text, names)
  local tokens, at, after_value = {}, 1, false
  while true do
    at = text:find("%S", at)
    if not at then return tokens end
    local rest = text:sub(at)
    local number = rest:match("^%d+%.?%d*[eE][-+]?%d+") or rest:match("^%d+%.?%d*") or rest:match("^%.%d+")
    local quoted = rest:match("^'[^'\\]*'") or rest:match('^"[^"\\]*"')
    local word = rest:match("^[%a_][%w_]*")
    local name = word and not WORDS[word] and known_name(text, at, names)
    local operator
    for _, one in ipairs(OPERATORS) do
      if not operator and rest:sub(1, #one) == one then operator = one end
    end
    -- In Lua a value before a text or a parenthesis would be a call.
    local begins = name or number or quoted or operator == "(" or word and word ~= "and" and word ~= "or"
    if after_value and begins then
      return nil, ("an operator is missing before '%s'"):format(rest:match("^[%w_.]+") or rest:sub(1, 1))
    end
    after_value = name or number or quoted or operator == ")" or word == "true" or word == "false"
    if name then
      tokens[#tokens + 1] = { name = name }
      at = at + #name
    elseif word and (WORDS[word] or FUNCTIONS[word] and rest:find("^[%a_]+%s*%(")) then
      tokens[#tokens + 1] = { text = word }
      at = at + #word
    elseif word then
      local shown = rest:match("^[%a_][%w_.]*")
      return nil, ("there is no parameter '%s'%s%s"):format(shown, suggest.hint(shown, names),
        #names > 0 and #names <= 20 and " (there are: " .. table.concat(names, ", ") .. ")" or "")
    elseif number or quoted then
      tokens[#tokens + 1] = { text = number or quoted }
      at = at + #(number or quoted)
    elseif operator then
      tokens[#tokens + 1] = { text = operator == "!=" and "~=" or operator }
      at = at + #operator
    else
      return nil, ("'%s' is not understood; an expression such as fast < slow is made of names, numbers, + - * / %% ^, "
        .. "< <= > >= == ~=, and, or, not, parentheses and abs, ceil, floor, max, min, sqrt"):format(rest:sub(1, 1))
    end
  end
end

-- The expression as Lua, where place(name) gives what stands for a name; nil where one does not apply.
local function render(tokens, place)
  local parts = {}
  for i, token in ipairs(tokens) do
    local text = token.text or place(token.name)
    if not text then return nil end
    parts[i] = text
  end
  return "(" .. table.concat(parts, " ") .. ")"
end

local function compile(source, name)
  local chunk, err = loadstring(source, "=" .. name)
  if not chunk then return nil, err end
  return setfenv(chunk, FUNCTIONS)
end

local function load_file(path)
  local file, err = io.open(path, "rb")
  if not file then return nil, err end
  local text = file:read "*a"
  file:close()
  local chunk
  chunk, err = loadstring(text, "@" .. path)
  if not chunk then return nil, err end
  local made = sandbox.new({ log = function() end, record = function() end }, {})
  local ok, result = pcall(setfenv(chunk, made.env))
  if not ok then return nil, tostring(result) end
  if type(result) ~= "function" then
    return nil, ("%s: the file returns a %s, expected a function: return function(p) return p.fast < p.slow end")
      :format(path, type(result))
  end
  return result, text
end

--- Reads constraints.
-- @param given text, list of texts, or { file = path }
-- @param names list of all names of the grid
-- @param folder that a file is relative to
-- @return { texts, list of tokens, or predicate = function(p) }; or nil, a message and the index of the text at fault
function M.read(given, names, folder)
  if type(given) == "table" and given.file then
    local path = given.file:sub(1, 1) == "/" and given.file or folder .. "/" .. given.file
    local predicate, text = load_file(path)
    if not predicate then return nil, text end
    return { predicate = predicate, names = names, text = text, list = {} }
  end
  local texts = type(given) == "table" and given or { given }
  local made = { list = {}, names = names, text = table.concat(texts, "\n") }
  for i, text in ipairs(texts) do
    local tokens, err = read(text, names)
    if not tokens then return nil, ("'%s': %s"):format(text, err), i end
    local ok
    ok, err = compile("return " .. render(tokens, function() return "x" end), "constraint")
    if not ok then
      return nil, ("'%s' is no expression: %s"):format(text, (err:gsub("^constraint:1: ", ""))), i
    end
    made.list[i] = { tokens = tokens, text = text }
  end
  return made
end

-- What stands for a name in a block: its dimension's number, or the Lua text of a constant.
local function constant(value)
  if type(value) == "number" then return ("%.17g"):format(value) end
  if type(value) == "string" then return ("%q"):format(value) end
  return tostring(value)
end

-- Values of a file's p: an error names a name that is not there.
local function parameters(names)
  return setmetatable({}, { __index = function(_, key)
    error(("there is no parameter '%s'%s"):format(tostring(key), suggest.hint(tostring(key), names)), 2)
  end })
end

--- A function that says whether a point of a block satisfies all constraints: (values by dimension) → boolean.
-- @param constraints of M.read
-- @param places { [name] = { dimension = d } or { value = constant } }; names of other blocks have none, and what
--   names them holds
-- @return function, or nil and a message
function M.predicate(constraints, places)
  local function place(name)
    local at = places[name]
    if not at then return nil end
    return at.dimension and ("V[%d]"):format(at.dimension) or constant(at.value)
  end
  if constraints.predicate then
    local p = parameters(constraints.names)
    return function(values)
      for name, at in pairs(places) do
        if at.dimension then p[name] = values[at.dimension] else p[name] = at.value end
      end
      return constraints.predicate(p)
    end
  end
  local parts = {}
  for _, one in ipairs(constraints.list) do parts[#parts + 1] = render(one.tokens, place) end
  local chunk = assert(compile("return function(V) return " .. (parts[1] and table.concat(parts, " and ") or "true")
    .. " end", "constraint"))
  return chunk()
end

local doubles = ffi.typeof "double[?]"

-- Values of a dimension for a compiled loop, from 1.
local function array_of(values)
  for _, value in ipairs(values) do
    if type(value) ~= "number" then return values end
  end
  local array = doubles(#values + 1)
  for i, value in ipairs(values) do array[i] = value end
  return array
end

-- Each constraint gives true or false, seen at the first point.
local function check_results(constraints, places, dimensions)
  for i, one in ipairs(constraints.list) do
    local predicate = M.predicate({ list = { one } }, places)
    local first = {}
    for d, dimension in ipairs(dimensions) do first[d] = dimension.values[1] end
    local ok, result = pcall(predicate, first)
    if not ok then return nil, ("'%s': %s"):format(one.text, (result:gsub("^constraint:1: ", ""))), i end
    if type(result) ~= "boolean" then
      return nil, ("'%s' gives %s, expected true or false, as a comparison does"):format(one.text, tostring(result)), i
    end
  end
  return true
end

-- A loop over the product that notes the places of points that satisfy all: each constraint stands as far out as its
-- names allow.
local function loop_source(constraints, places, dimensions)
  local lines, ends = { "local V, out, most = ...", "local n, r0 = 0, 0" }, { "return n" }
  local by_depth = {}
  for _, one in ipairs(constraints.list) do
    local depth = 0
    local text = render(one.tokens, function(name)
      local at = places[name]
      if not at then return nil end
      if not at.dimension then return constant(at.value) end
      depth = math.max(depth, at.dimension)
      return "v" .. at.dimension
    end)
    if text then
      by_depth[depth] = by_depth[depth] or {}
      table.insert(by_depth[depth], text)
    end
  end
  local function add_tests(depth)
    for _, text in ipairs(by_depth[depth] or {}) do
      lines[#lines + 1] = "if " .. text .. " then"
      ends[#ends + 1] = "end"
    end
  end
  add_tests(0)
  for d, dimension in ipairs(dimensions) do
    lines[#lines + 1] = ("for i%d = 1, %d do local v%d, r%d = V[%d][i%d], r%d * %d + i%d - 1"):format(d,
      #dimension.values, d, d, d, d, d - 1, #dimension.values, d)
    ends[#ends + 1] = "end"
    add_tests(d)
  end
  lines[#lines + 1] = ("if n < most then out[n] = r%d end n = n + 1"):format(#dimensions)
  for i = #ends, 1, -1 do lines[#lines + 1] = ends[i] end
  return table.concat(lines, "\n")
end

-- The same for a function of a file, which sees all names.
local function count_by_predicate(predicate, dimensions, raw, out, most)
  local n, values = 0, {}
  for place = 0, raw - 1 do
    local rest = place
    for d = #dimensions, 1, -1 do
      local count = #dimensions[d].values
      local digit = rest % count
      values[d] = dimensions[d].values[digit + 1]
      rest = (rest - digit) / count
    end
    local result = predicate(values)
    if type(result) ~= "boolean" then
      error(("the function gave %s, expected true or false"):format(tostring(result)), 0)
    end
    if result then
      if n < most then out[n] = place end
      n = n + 1
    end
  end
  return n
end

--- The points of a block that satisfy all constraints.
-- @param constraints of M.read
-- @param places as of M.predicate
-- @param dimensions list of { values }
-- @param raw the product of their numbers of values
-- @param most how many are noted
-- @return int32_t array of places in the product, and how many there are, which may be more than `most`; or nil, a
--   message and the index of the constraint at fault
function M.points(constraints, places, dimensions, raw, most)
  local size = math.min(raw, most)
  local out = ffi.new("int32_t[?]", math.max(size, 1))
  local ok, err, index = check_results(constraints, places, dimensions)
  if not ok then return nil, err, index end
  local count
  if constraints.predicate then
    ok, count = pcall(count_by_predicate, M.predicate(constraints, places), dimensions, raw, out, size)
  else
    local arrays = {}
    for d, dimension in ipairs(dimensions) do arrays[d] = array_of(dimension.values) end
    local chunk = assert(compile(loop_source(constraints, places, dimensions), "constraint"))
    ok, count = pcall(chunk, arrays, out, size)
  end
  if not ok then return nil, (tostring(count):gsub("^constraint:%d+: ", "")) end
  return out, count
end

return M
