--- Feature sets as matrices, for models: the last `rows` rows of a set of features, scaled over these rows and clipped.
-- A binding of src/abi/matrix.h.
--
--     for row, m in assert(matrix.each(bars, { "returns()", "rsi(14)", "atr(14)" }, { rows = 64, clip = 3 })) do
--       if m.ready == 1 then … m.values[(m.n_rows - 1) * m.n_features + k] … m:at(64, k + 1) … end
--     end
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"
local C = abi.C

local M = {}

local MISSING = { wait = C.PLN_MATRIX_WAIT, carry = C.PLN_MATRIX_CARRY, zero = C.PLN_MATRIX_ZERO }
local SCALES = { none = C.PLN_MATRIX_RAW, population = C.PLN_MATRIX_POPULATION, sample = C.PLN_MATRIX_SAMPLE }
local KEYS = { "rows", "clip", "missing", "scale" }

local _ = { C.pln_matrix_refresh, C.pln_matrix_to } -- known before a trace meets them

local function word(options, key, words, default)
  local value = options[key]
  if value == nil then return words[default], default end
  if words[value] then return words[value], value end
  local names = {}
  for name in pairs(words) do names[#names + 1] = name end
  table.sort(names)
  return nil, ("%s = %s: expected %s%s"):format(key, tostring(value), table.concat(names, ", "),
    suggest.hint(tostring(value), names))
end

--- Checks options, completes them with their defaults.
-- @param options { rows, clip = 0 (none), missing = "wait" | "carry" | "zero", scale = "population" | "sample" |
--   "none" }
-- @return a table of the same form, or nil and a message
function M.options(options)
  for key in pairs(options) do
    local known = false
    for _, name in ipairs(KEYS) do known = known or name == key end
    if not known then
      return nil, ("unknown option '%s'%s"):format(tostring(key), suggest.hint(tostring(key), KEYS))
    end
  end
  local rows, clip = options.rows, options.clip or 0
  if type(rows) ~= "number" or rows % 1 ~= 0 or rows < 1 or rows > 65536 then
    return nil, ("rows = %s: expected a whole number from 1 to 65536"):format(tostring(rows))
  end
  if type(clip) ~= "number" or clip < 0 or clip ~= clip or clip == math.huge then
    return nil, ("clip = %s: expected a number, 0 for none"):format(tostring(clip))
  end
  local missing, missing_name = word(options, "missing", MISSING, "wait")
  if not missing then return nil, missing_name end
  local scale, scale_name = word(options, "scale", SCALES, "population")
  if not scale then return nil, scale_name end
  if scale_name == "sample" and rows < 2 then return nil, "rows = 1: a sample deviation needs two" end
  return { rows = rows, clip = clip, missing = missing_name, scale = scale_name }
end

-- The value at a row and feature, both counted from 1.
local function value_at(m, row, feature)
  if m.fresh == 0 then C.pln_matrix_refresh(m) end
  if type(row) == "number" and type(feature) == "number" and row >= 1 and row <= m.n_rows and row % 1 == 0
    and feature >= 1 and feature <= m.n_features and feature % 1 == 0 then
    return (row - 1) * m.n_features + feature - 1
  end
  error(("the matrix has no row %s, feature %s: there are %d rows of %d features"):format(tostring(row),
    tostring(feature), m.n_rows, m.n_features), 3)
end

-- Of a matrix: what scripts use -------------------------------------------------------------------------------------

local doubles = ffi.typeof "double[?]"
local Matrix = {}

--- Pushes a row: a list of numbers (NaN and false: missing), or a `double *`.
function Matrix:push(row)
  if type(row) == "table" then
    local values = doubles(self.n_features)
    for k = 1, self.n_features do values[k - 1] = row[k] or 0 / 0 end
    row = values
  end
  C.pln_matrix_push(self, row)
end

--- Makes `values` and `mask` of the rows that were pushed. @return whether the matrix is ready
function Matrix:refresh() return C.pln_matrix_refresh(self) == 1 end

--- The value of a row (1: the oldest) and feature, both from 1; refreshes where that is needed.
function Matrix:at(row, feature) return self.values[value_at(self, row, feature)] end

--- Whether that value is missing.
function Matrix:is_missing(row, feature) return self.mask[value_at(self, row, feature)] == 0 end

ffi.metatype("pln_matrix", { __index = Matrix })

--- A matrix. It has the fields of pln_matrix (values, mask, n_rows, n_features, ready, seen, n_missing) and the
-- methods push, refresh, at, is_missing.
-- @param n_features how many features
-- @param options of M.options
-- @return pln_matrix *, freed when it is no longer used; or nil and a message
function M.new(n_features, options)
  local checked, message = M.options(options)
  if not checked then return nil, message end
  local made = C.pln_matrix_new(ffi.new("pln_matrix_options", n_features, checked.rows, MISSING[checked.missing],
    SCALES[checked.scale], checked.clip))
  if made == nil then return nil, abi.last_error() end
  return ffi.gc(made, C.pln_matrix_free)
end

--- Goes over bars: `for row, m in assert(matrix.each(bars, expressions, options)) do`. m holds the window that ends
-- with row (from 0), refreshed; it is the same matrix for all rows.
-- @param options of M.options, and those of feature.compute (streams, chunk_rows, library)
-- @return an iterator, or nil and a message
function M.each(bars, expressions, options)
  local feature = require "feature"
  local own, others = {}, {}
  for key, value in pairs(options) do
    if key == "streams" or key == "chunk_rows" or key == "library" then others[key] = value else own[key] = value end
  end
  local m, message = M.new(#expressions, own)
  if not m then return nil, message end
  local columns
  columns, message = feature.compute(bars, expressions, others)
  if not columns then return nil, message end
  local pointers = ffi.new("const double *[?]", #columns)
  for k, column in ipairs(columns) do pointers[k - 1] = column end
  C.pln_matrix_bind(m, pointers, 0)
  local row, n = -1, tonumber(bars.n_bars)
  return function()
    row = row + 1
    if row == n then return nil end
    C.pln_matrix_to(m, row)
    C.pln_matrix_refresh(m)
    assert(columns and pointers) -- they live as long as the iterator
    return row, m
  end
end

-- What strategies see -------------------------------------------------------------------------------------------------

local View = {}

function View.at(view, row, feature)
  local m = view.__matrix
  return m.values[value_at(m, row, feature)]
end

function View.last(view, feature)
  local m = view.__matrix
  return m.values[value_at(m, m.n_rows, feature)]
end

function View.is_missing(view, row, feature)
  local m = view.__matrix
  return m.mask[value_at(m, row, feature)] == 0
end

local FIELDS = {
  ready = function(m) return m.ready == 1 end,
  rows = function(m) return m.n_rows end,
  columns = function(m) return m.n_features end,
  missing = function(m) return tonumber(m.n_missing) end,
}

--- Type of the field of `f` that is a matrix: at(row, feature), last(feature), is_missing(row, feature), ready, rows,
-- columns, missing.
M.view_type = ffi.typeof "struct { pln_matrix *__matrix; }"

ffi.metatype(M.view_type, {
  __index = function(view, key)
    local method = View[key]
    if method then return method end
    local field = FIELDS[key]
    if field then return field(view.__matrix) end
    error(("a matrix has no '%s'; it has ready, rows, columns, missing, at(row, feature), last(feature), "
      .. "is_missing(row, feature)"):format(tostring(key)), 2)
  end,
  __newindex = function() error("a matrix cannot be changed", 2) end,
})

--- Sets the matrix behind a view.
function M.show(view, m) ffi.cast("pln_matrix **", view)[0] = m end

return M
