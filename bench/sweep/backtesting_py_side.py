#!/usr/bin/env python3
"""backtesting.py's SMA crossover over a grid: what Backtest.optimize does, in one process. One JSON line.

    backtesting_py_side.py --data FILE.npz --bars N
"""
import argparse
import itertools
import json
import resource
import time

T_START = time.perf_counter()
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from backtesting import Backtest, Strategy  # noqa: E402
from backtesting.lib import crossover  # noqa: E402
from backtesting.test import SMA  # noqa: E402

T_IMPORT = time.perf_counter() - T_START


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--bars", type=int, required=True)
    args = parser.parse_args()
    kept = np.load(args.data)
    frame = pd.DataFrame({name.capitalize(): kept[name][:args.bars] for name in ("open", "high", "low", "close")})
    frame["Volume"] = 0
    frame.index = pd.date_range("2000-01-03", periods=args.bars, freq="1min")
    combos = list(itertools.product(range(5, 30, 6), range(30, 148, 13)))
    start, used = time.perf_counter(), time.process_time()
    backtest = Backtest(frame, SmaCross, cash=10000, commission=.002)
    finals = [float(backtest.run(n1=fast, n2=slow)["Equity Final [$]"]) for fast, slow in combos]
    print(json.dumps({
        "seconds": time.perf_counter() - start, "cpu": time.process_time() - used, "import": T_IMPORT, "compile": 0,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "bars_combos": args.bars * len(combos),
        "first": finals[0], "last": finals[-1], "sum": sum(finals),
    }))


if __name__ == "__main__":
    main()
