"""What backtesting.py makes of random orders: writes tests/vectors/peers/backtesting_py.json.

Not part of the tests: run it to make the numbers again, with backtesting.py from PyPI (0.6.6 made those that are there)
and the bars that it trades:

    build/perilune data synth --out bars.csv --bars 600 --timeframe 1d --seed 7
    python3 tests/reference/peers/backtesting_py.py bars.csv > tests/vectors/peers/backtesting_py.json

tests/laws/test_backtesting_py_orders.lua runs the same orders (tests/fixtures/strategies/random_orders.lua).
"""
import json
import sys
import warnings

import backtesting
import pandas
from backtesting import Backtest, Strategy
from backtesting.lib import FractionalBacktest

warnings.filterwarnings("ignore")

STATISTICS = [
    "Equity Final [$]", "Equity Peak [$]", "Commissions [$]", "Return [%]", "Buy & Hold Return [%]", "Return (Ann.) [%]",
    "Volatility (Ann.) [%]", "CAGR [%]", "Sharpe Ratio", "Sortino Ratio", "Calmar Ratio", "Alpha [%]", "Beta",
    "Max. Drawdown [%]", "Avg. Drawdown [%]", "Exposure Time [%]", "# Trades", "Win Rate [%]", "Best Trade [%]",
    "Worst Trade [%]", "Avg. Trade [%]", "Profit Factor", "Expectancy [%]", "SQN", "Kelly Criterion",
]


class RandomOrders(Strategy):
    seed = 1

    def init(self):
        self.x = self.seed

    def cancel_all(self):
        for order in list(self.orders):
            if not order.is_contingent:
                order.cancel()

    def next(self):
        self.x = self.x * 16807 % 2147483647
        u, c = self.x % 26, float(self.data.Close[-1])
        if u == 0:
            self.buy(size=0.5)
        elif u == 1:
            self.buy(size=0.3, sl=c * 0.97, tp=c * 1.04)
        elif u == 2:
            self.sell(size=0.4)
        elif u == 3:
            self.sell(size=0.2, sl=c * 1.03, tp=c * 0.95)
        elif u == 4:
            self.buy(size=10, limit=c * 0.99)
        elif u == 5:
            self.buy(size=7, stop=c * 1.01, sl=c * 0.98)
        elif u == 6:
            self.sell(size=5, limit=c * 1.01)
        elif u == 7:
            self.sell(size=9, stop=c * 0.99, tp=c * 0.94)
        elif u == 8:
            self.buy(size=6, stop=c * 1.005, limit=c * 1.015)
        elif u == 9 or u == 11:
            self.position.close()
        elif u == 10:
            self.cancel_all()
        elif u == 12:
            self.cancel_all()
            self.position.close()
            self.buy()
        elif u == 13:
            self.buy(size=4, stop=c * 1.01, sl=c * 0.99, tp=c * 1.02)
        elif u == 14:
            self.sell(size=8, stop=c * 0.995, limit=c * 0.985, sl=c * 1.01)


RUNS = [
    dict(seed=5, commission=0.002, margin=1, spread=0, trade_on_close=False, finalize=True, cash=10000, unit=1),
    dict(seed=71, commission=[1, 0.001], margin=1, spread=0, trade_on_close=False, finalize=False, cash=10000, unit=1),
    dict(seed=905, commission=0, margin=0.5, spread=0.0005, trade_on_close=False, finalize=True, cash=20000, unit=1),
    dict(seed=333, commission=0.001, margin=0.1, spread=0, trade_on_close=True, finalize=False, cash=100000, unit=1),
    dict(seed=42, commission=[0.5, 0.002], margin=0.2, spread=0.001, trade_on_close=True, finalize=True, cash=50000, unit=1),
    dict(seed=8, commission=0.001, margin=0.1, spread=0.0002, trade_on_close=False, finalize=True, cash=5000, unit=1),
    dict(seed=2024, commission=0.002, margin=1, spread=0, trade_on_close=False, finalize=True, cash=100, unit=1e-6),
]


def main():
    bars = pandas.read_csv(sys.argv[1])
    bars["time"] = pandas.to_datetime(bars["time"]).dt.tz_localize(None)
    bars = bars.set_index("time")
    bars.columns = [name.capitalize() for name in bars.columns]
    made = []
    for run in RUNS:
        commission = tuple(run["commission"]) if isinstance(run["commission"], list) else run["commission"]
        options = dict(cash=run["cash"], commission=commission, margin=run["margin"], spread=run["spread"],
                       trade_on_close=run["trade_on_close"], finalize_trades=run["finalize"])
        if run["unit"] == 1:
            stats = Backtest(bars, RandomOrders, **options).run(seed=run["seed"])
        else:
            options.pop("cash")
            stats = FractionalBacktest(bars, RandomOrders, fractional_unit=run["unit"], cash=run["cash"],
                                       **options).run(seed=run["seed"])
        trades = stats["_trades"]
        rows = [[int(t.EntryBar), int(t.ExitBar), float(t.Size), float(t.EntryPrice), float(t.ExitPrice), float(t.PnL)]
                for t in trades.itertuples()]
        equity = [float(value) for value in stats["_equity_curve"]["Equity"].iloc[::20]]
        made.append(dict(run, trades=rows, equity=equity,
                         statistics={k: float(stats[k]) for k in STATISTICS if k in stats and stats[k] == stats[k]}))
    print(json.dumps({"made_by": "backtesting.py " + backtesting.__version__, "bars": len(bars), "runs": made},
                     separators=(",", ":")))


main()
