--- The checks on the names that a strategy's source uses: the methods of lua_parser that know what the sandbox allows.
-- `self` is the parser: its scope at the place that it has reached, its tokens, and `known`, `hints`, `literals` and
-- `info` as lua_parser.instrument describes them.
local suggest = require "suggest"

local Checks = {}

local READ_ONLY = {
  features = "features", bar = "bars", params = "parameters", inputs = "inputs", fill = "fills", order = "orders",
  builder = "the feature builder", signal = "signals",
}

function Checks:read_name(name, line)
  local variable = self:resolve(name)
  if variable then return variable end
  if self.known[name] == nil then
    local hint = self.hints[name]
    if hint then self:fail(line, "%s is not available in a strategy: %s", name, hint) end
    local candidates, scope = {}, self.scope
    while scope do
      for candidate in pairs(scope.names) do candidates[#candidates + 1] = candidate end
      scope = scope.parent
    end
    for candidate in pairs(self.known) do candidates[#candidates + 1] = candidate end
    table.sort(candidates)
    self:fail(line, "unknown name '%s'%s", name, suggest.hint(name, candidates))
  end
  return nil
end

function Checks:check_assignment(target)
  local name, line = target.name, target.line
  if target.kind == "call" or target.kind == "paren" then return end
  if not name then return end
  local variable = self:resolve(name)
  if target.kind == "name" then
    if not variable then
      if self.known[name] ~= nil then self:fail(line, "'%s' cannot be assigned: it is part of the language", name) end
      self:fail(line, "assignment to global '%s': write `local %s = …`, or keep it in `state` where it must last",
        name, name)
    elseif variable.func ~= self.func then
      self:fail(line, "assignment to '%s', a local of an enclosing function: what must last from one call to the "
        .. "next belongs in `state` (s.%s = …)", name, name)
    else
      variable.alias = nil
    end
  else
    self:check_change(name, variable, line)
  end
end

function Checks:check_change(name, variable, line)
  if variable and variable.alias then name, variable = variable.alias.name, variable.alias end
  if not variable then
    if self.known[name] ~= nil then self:fail(line, "'%s' cannot be changed: it is read-only", name) end
    return
  end
  local read_only = READ_ONLY[variable.role]
  if read_only then
    self:fail(line, "'%s' cannot be changed: %s are read-only", name, read_only)
  elseif variable.func ~= self.func and not variable.role then
    self:fail(line, "change of '%s', a table of an enclosing function: what must last from one call to the next "
      .. "belongs in `state`", name)
  end
end

-- The bar is copied for the user's functions field by field: only those that they name, where it is plain that they
-- reach it in no other way.
function Checks:note_bar(expression)
  if expression.kind ~= "name" then return end
  local variable = self:resolve(expression.name)
  if not variable or variable.role ~= "bar" then return end
  if self:peek() ~= "." then self.info.bar_escapes = true end
end

-- `ctx:buy { … }`: where every key is plain to see, an unknown one is told here, and a second argument, true, says that
-- nobody need look again.
function Checks:check_literal(expression, method)
  local fields = self.literals[method]
  local variable = fields and expression.kind == "name" and self:resolve(expression.name)
  if not variable or variable.role ~= "ctx" then return end
  local parenthesis = self:peek() == "(" and 1 or 0
  if self:peek(parenthesis) ~= "{" then return end
  local unknown
  local offset, depth = parenthesis + 1, 1
  local starts = true -- a field of the constructor itself
  while depth > 0 do
    local kind = self:peek(offset)
    if kind == "function" or kind == "eof" then return end
    if kind == "}" or kind == ")" or kind == "]" then
      depth = depth - 1
    elseif depth == 1 and starts then
      if kind ~= "name" or self:peek(offset + 1) ~= "=" then return end
      local key = self.tokens.text[self.at + offset]
      if not fields[key] then unknown = unknown or { key = key, line = self.tokens.line[self.at + offset] } end
    end
    if kind == "{" or kind == "(" or kind == "[" then depth = depth + 1 end
    starts = depth == 1 and (kind == "," or kind == ";")
    offset = offset + 1
  end
  if parenthesis == 1 and self:peek(offset) ~= ")" then return end
  if unknown then
    local names = {}
    for name in pairs(fields) do names[#names + 1] = name end
    table.sort(names)
    self:fail(unknown.line, "unknown order field '%s'%s", unknown.key, suggest.hint(unknown.key, names))
  end
  if parenthesis == 0 then self:insert(self.tokens.first[self.at], "(") end
  self:insert(self.tokens.last[self.at + offset - 1] + 1, parenthesis == 0 and ",true)" or ",true")
end

function Checks:use_field(expression, field, line)
  if expression.kind ~= "name" then return end
  local variable = self:resolve(expression.name)
  if variable then
    if variable.role then
      local uses = self.info.uses
      uses[#uses + 1] = { role = variable.role, name = field, line = line }
    end
  else
    local members = self.known[expression.name]
    if type(members) == "table" and members[field] == nil then
      local full = expression.name .. "." .. field
      local hint = self.hints[full]
      if hint then self:fail(line, "%s is not available in a strategy: %s", full, hint) end
      local candidates = {}
      for name in pairs(members) do candidates[#candidates + 1] = name end
      table.sort(candidates)
      self:fail(line, "%s has no '%s'%s", expression.name, field, suggest.hint(field, candidates))
    end
    if expression.name == "math" and field:find("^random") then self.info.uses_random = true end
  end
end

return Checks
