#pragma once
#include "portfolio/portfolio.h"

/* What fills in one instrument may change of a portfolio, so that it can be put back: the portfolio itself,
 * the lots and the view of that instrument. Trades and records are only ever appended, so that their number
 * is enough. Whatever fills come to change besides belongs here. Starts as zeroes. */
typedef struct pln_portfolio_snapshot {
  pln_portfolio portfolio;
  pln_portfolio master; /* of a book: whose trades, counters and refusals it has part in */
  pln_holding holding;
  pln_position position;
  pln_lot *lots;
  int64_t lots_capacity;
  double *returns; /* the Kelly sizing's ring */
  int32_t returns_capacity;
  pln_rule *rules; /* those of the portfolio: a closed trade moves a streak, and may halt */
  int32_t rules_capacity;
} pln_portfolio_snapshot;

/* A status. Memory grows to what the largest position needed and stays. */
int32_t pln_portfolio_save(const pln_portfolio *p, int32_t instrument, pln_portfolio_snapshot *out);
/* Brings back what was saved. Memory that was moved since then stays where it is now. */
void pln_portfolio_restore(pln_portfolio *p, int32_t instrument, const pln_portfolio_snapshot *saved);
void pln_portfolio_snapshot_free(pln_portfolio_snapshot *snapshot);
