#!/usr/bin/env python3
"""Writes tests/vectors/peers/backtesting_py_sweep.csv: backtesting.py 0.6.6's SMA crossover of its README on its GOOG, for
two grids: the one of its documentation (n1 5..30, n2 10..70 in steps of 5, n1 < n2) and a wider one.

    python3 tests/reference/peers/backtesting_py_sweep.py > tests/vectors/peers/backtesting_py_sweep.csv
"""
import itertools
import sys

import backtesting
from backtesting import Backtest, Strategy
from backtesting.lib import crossover
from backtesting.test import GOOG, SMA

assert backtesting.__version__ == "0.6.6", backtesting.__version__
backtesting.backtesting._tqdm = lambda items, **_: items


class SmaCross(Strategy):
    n1, n2 = 10, 20

    def init(self):
        self.sma1, self.sma2 = self.I(SMA, self.data.Close, self.n1), self.I(SMA, self.data.Close, self.n2)

    def next(self):
        if crossover(self.sma1, self.sma2):
            self.position.close()
            self.buy()
        elif crossover(self.sma2, self.sma1):
            self.position.close()
            self.sell()


GRIDS = {
    "documented": (range(5, 35, 5), range(10, 75, 5), 0.002, False),
    "wide": (range(2, 42, 3), range(6, 126, 10), 0.001, True),
}

print("grid,n1,n2,equity_final,return_pct,trades,max_drawdown_pct,win_rate_pct,exposure_pct,sharpe_ratio_geometric,commissions")
for name, (fast, slow, commission, finalize) in GRIDS.items():
    backtest = Backtest(GOOG, SmaCross, cash=10000, commission=commission, finalize_trades=finalize)
    for n1, n2 in itertools.product(fast, slow):
        if n1 >= n2:
            continue
        stats = backtest.run(n1=n1, n2=n2)
        values = [stats[key] for key in ("Equity Final [$]", "Return [%]", "# Trades", "Max. Drawdown [%]", "Win Rate [%]",
                                         "Exposure Time [%]", "Sharpe Ratio", "Commissions [$]")]
        print(name, n1, n2, *(repr(float(value)) for value in values), sep=",")
    best = backtest.optimize(n1=fast, n2=slow, maximize="Equity Final [$]", constraint=lambda p: p.n1 < p.n2)
    print(name + " best", best._strategy.n1, best._strategy.n2, repr(float(best["Equity Final [$]"])), *[""] * 7, sep=",")
sys.stdout.flush()
