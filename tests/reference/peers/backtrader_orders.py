"""What backtrader makes of random orders: writes tests/vectors/peers/backtrader_orders.json.

Not part of the tests: run it to make the numbers again, with backtrader from PyPI (1.9.78.123 made those that are there)
and the bars that it trades:

    build/perilune data synth --out bars.csv --bars 600 --timeframe 1d --seed 7
    python3 tests/reference/peers/backtrader_orders.py bars.csv > tests/vectors/peers/backtrader_orders.json

tests/laws/test_backtrader.lua runs the same orders (tests/fixtures/strategies/backtrader_orders.lua).
"""
import json
import sys

import backtrader as bt
import pandas

BARS = 600


class RandomOrders(bt.Strategy):
    params = dict(seed=1, limits=True, brackets=True, percent=False)

    def __init__(self):
        self.x = self.p.seed
        self.filled, self.account, self.realized, self.margins = {}, [], [], 0

    def notify_order(self, order):
        if order.status == bt.Order.Completed:
            bar = self.index[order.executed.dt]
            self.filled[order.ref] = [bar, order.executed.size, order.executed.price, order.executed.comm]
            if order.executed.pnl:
                self.realized.append([bar, order.executed.pnl])
        elif order.status in (bt.Order.Margin, bt.Order.Rejected):
            self.margins += 1

    def cancel_everything(self):
        for order in list(self.broker.pending):
            self.broker.cancel(order)

    def next(self):
        n = len(self)
        if n % 20 == 0 or n == BARS:
            self.account.append([n - 1, self.broker.getcash(), self.broker.getvalue()])
            return
        if n >= BARS - 2:
            return
        self.x = self.x * 16807 % 2147483647
        u, c = self.x % 26, float(self.data.close[0])
        limit, stop, both = bt.Order.Limit, bt.Order.Stop, bt.Order.StopLimit
        if not self.p.limits and u in (2, 3, 6, 7, 8, 9, 10, 11, 16, 17):
            return
        if not self.p.brackets and u in (8, 9):
            return
        if u == 0:
            self.buy(size=10)
        elif u == 1:
            self.sell(size=10)
        elif u == 2:
            self.buy(size=5, exectype=limit, price=c * 0.99)
        elif u == 3:
            self.sell(size=7, exectype=limit, price=c * 1.01)
        elif u == 4:
            self.buy(size=6, exectype=stop, price=c * 1.01)
        elif u == 5:
            self.sell(size=4, exectype=stop, price=c * 0.99)
        elif u == 6:
            self.buy(size=8, exectype=both, price=c * 1.005, plimit=c * 1.012)
        elif u == 7:
            self.sell(size=8, exectype=both, price=c * 0.995, plimit=c * 0.988)
        elif u == 8:
            self.buy_bracket(size=6, exectype=bt.Order.Market, stopprice=c * 0.985, limitprice=c * 1.015)
        elif u == 9:
            self.sell_bracket(size=6, exectype=bt.Order.Market, stopprice=c * 1.015, limitprice=c * 0.985)
        elif u == 10:
            self.buy_bracket(size=5, exectype=limit, price=c * 0.99, stopprice=c * 0.97, limitprice=c * 1.01)
        elif u == 11:
            self.sell_bracket(size=9, exectype=stop, price=c * 0.99, stopprice=c * 1.01, limitprice=c * 0.97)
        elif u == 12:
            self.close()
        elif u == 13:
            self.cancel_everything()
        elif u == 14:
            self.sell(size=5, exectype=bt.Order.StopTrail, trailamount=c * 0.02)
        elif u == 15:
            self.buy(size=5, exectype=bt.Order.StopTrail, trailpercent=0.015)
        elif u == 16:
            first = self.buy(size=4, exectype=limit, price=c * 0.99)
            self.sell(size=4, exectype=limit, price=c * 1.01, oco=first)
        elif u == 17:
            first = self.sell(size=5, exectype=limit, price=c * 1.008)
            self.sell(size=5, exectype=stop, price=c * 0.992, oco=first)
        elif u == 18:
            self.order_target_size(target=12)
        elif u == 19:
            self.order_target_size(target=-8)
        elif u == 20:
            self.cancel_everything()
            self.close()
        elif u == 21 and self.p.percent:
            self.order_target_percent(target=0.3)
        elif u == 22 and self.p.percent and not self.position:
            self.buy()


RUNS = [
    dict(seed=5, commission=0.0),
    dict(seed=71, commission=0.001, percent=True),
    dict(seed=905, commission=2.5, margin=1500.0, mult=10.0),
    dict(seed=333, commission=0.0005, slippage=0.0015, limits=False),
    dict(seed=42, commission=1.25, margin=800.0, mult=5.0, slippage=0.0004, limits=False),
    dict(seed=8, commission=0.002, on_close=True, brackets=False, percent=True),
    dict(seed=2024, commission=0.75, margin=2000.0, mult=20.0, on_close=True, brackets=False),
    dict(seed=99991, commission=0.0002, percent=True),
]
DEFAULTS = dict(margin=None, mult=1.0, slippage=0.0, limits=True, brackets=True, percent=False, on_close=False,
                cash=1000000.0)


def execute(bars, run):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars))
    RandomOrders.index = {bt.date2num(time): k for k, time in enumerate(bars.index)}
    cerebro.addstrategy(RandomOrders, **{name: run[name] for name in ("seed", "limits", "brackets", "percent")})
    cerebro.addsizer(bt.sizers.PercentSizerInt, percents=20)
    cerebro.broker.setcash(run["cash"])
    cerebro.broker.setcommission(commission=run["commission"], margin=run["margin"], mult=run["mult"])
    if run["slippage"]:
        cerebro.broker.set_slippage_perc(run["slippage"], slip_open=True, slip_limit=False, slip_match=True,
                                         slip_out=True)
    cerebro.broker.set_coc(run["on_close"])
    strategy = cerebro.run()[0]
    assert strategy.margins == 0
    return dict(run, fills=[strategy.filled[ref] for ref in sorted(strategy.filled)], account=strategy.account,
                realized=strategy.realized)


def main():
    bars = pandas.read_csv(sys.argv[1])
    bars["time"] = pandas.to_datetime(bars["time"]).dt.tz_localize(None)
    bars = bars.set_index("time")
    assert len(bars) == BARS
    print(json.dumps({"made_by": "backtrader " + bt.__version__, "bars": BARS,
                      "runs": [execute(bars, dict(DEFAULTS, **run)) for run in RUNS]}, separators=(",", ":")))


main()
