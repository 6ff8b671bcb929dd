-- The best of the first part of the data, on the rest: a workflow of one's own (docs/workflows.md).
return {
  help = "The best combo of the first 60 % of the data, on the rest",
  run = function(w)
    local folds, windows = w:folds { type = "train_test", train = "60%" }
    if not folds then return nil, windows end
    local train, err = w:phase { name = "train", windows = folds[1].train }
    if not train then return nil, err end
    local best
    best, err = train:best { metric = "sharpe_ratio", min_trades = 10 }
    if not best then return nil, err end
    local test
    test, err = w:phase { name = "test", windows = folds[1].test, combos = { best.number } }
    if not test then return nil, err end
    local found = w:findings()
    found:line("%s: Sharpe ratio %.2f in sample", best.combo, best.score)
    found:set("best", { combo = best.combo, params = best.params, sharpe_ratio = best.score })
    return test:list(), found
  end,
}
