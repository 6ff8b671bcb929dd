--- The Hedge algorithm (Freund and Schapire 1997, "A decision-theoretic generalization of on-line learning and an
-- application to boosting"): weights over experts that are never much worse than the best of them, whatever comes.
--
--     local h = hedge.new(3, { horizon = 250 })
--     for … do
--       local w = h:weights()       -- before the period is known
--       h:update { 0.1, 0.4, 0.9 }  -- the period's losses, each in 0 … 1
--     end
--     print(h:regret(), h:bound())
--
-- Weight i is proportional to exp(-eta x the losses of i so far). With a known number T of periods and
-- eta = sqrt(8 ln N / T), the loss of the weighted whole exceeds that of the best expert by at most sqrt(T ln N / 2);
-- with eta_t = sqrt(8 ln N / t), which needs no horizon, by at most 2 sqrt(T ln N / 2) + sqrt(ln N / 8) (Cesa-Bianchi
-- and Lugosi 2006, "Prediction, Learning, and Games", theorems 2.2 and 2.3). With an eta of one's own, the bound is
-- ln N / eta + eta T / 8.
--
-- An expert without a loss in a period (NaN) is asleep: it takes no part, and its loss is what the others' weighted
-- loss is, so that the bound holds as it stands.
local M = {}

local Hedge = {}
Hedge.__index = Hedge

--- @param n number of experts
-- @param options { horizon = T, or eta = a number above 0; nothing: the form that needs no horizon }
function M.new(n, options)
  options = options or {}
  if type(n) ~= "number" or n < 1 or n % 1 ~= 0 then error("hedge: expected a number of experts from 1 on", 2) end
  if options.eta and not (options.eta > 0 and options.eta < math.huge) then error("hedge: eta must be above 0", 2) end
  if options.horizon and options.horizon < 1 then error("hedge: the horizon must be at least 1", 2) end
  local self = setmetatable({
    n = n, horizon = options.horizon, fixed = options.eta, losses = {}, loss = 0, n_periods = 0,
  }, Hedge)
  for i = 1, n do self.losses[i] = 0 end
  return self
end

--- The learning rate of the coming period.
function Hedge:eta()
  if self.fixed then return self.fixed end
  return math.sqrt(8 * math.log(self.n) / (self.horizon or self.n_periods + 1))
end

--- The weights of the coming period: a list that sums to 1.
function Hedge:weights()
  local eta, least, sum, out = self:eta(), math.huge, 0, {}
  for i = 1, self.n do least = math.min(least, self.losses[i]) end
  for i = 1, self.n do
    out[i] = math.exp(-eta * (self.losses[i] - least)) -- relative to the best, so that none overflows
    sum = sum + out[i]
  end
  for i = 1, self.n do out[i] = out[i] / sum end
  return out
end

--- Takes in a period.
-- @param losses list of numbers in 0 … 1; NaN: asleep
-- @return the loss of the weighted whole, nil where all sleep (the period then does not count)
function Hedge:update(losses)
  local w, sum, loss = self:weights(), 0, 0
  for i = 1, self.n do
    local x = losses[i]
    if x == x then
      if not (x >= -1e-12 and x <= 1 + 1e-12) then error(("hedge: a loss of %.17g, expected 0 … 1"):format(x), 2) end
      sum, loss = sum + w[i], loss + w[i] * x
    end
  end
  if sum == 0 then return nil end
  loss = loss / sum
  for i = 1, self.n do
    local x = losses[i]
    self.losses[i] = self.losses[i] + (x == x and x or loss)
  end
  self.loss, self.n_periods = self.loss + loss, self.n_periods + 1
  return loss
end

--- How much more the weighted whole has lost than the best expert: below 0 where it did better.
function Hedge:regret()
  local least = math.huge
  for i = 1, self.n do least = math.min(least, self.losses[i]) end
  return self.loss - least
end

--- What the regret cannot exceed after the periods so far (with a horizon: after at most so many).
function Hedge:bound()
  local log_n, t = math.log(self.n), self.n_periods
  if self.fixed then return log_n / self.fixed + self.fixed * t / 8 end
  if self.horizon then
    local eta = self:eta()
    return eta > 0 and log_n / eta + eta * t / 8 or 0
  end
  return 2 * math.sqrt(t * log_n / 2) + math.sqrt(log_n / 8)
end

return M
