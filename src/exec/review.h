#pragma once
#include "exec/exec.h"

/* The review of new orders by risk rules: between the strategies of an instant and the first chance of its
 * orders to fill. Made when there are rules or a score; without, nothing of this is called. */

/* What is or may come to be held of an instrument in a portfolio, in lots. */
typedef struct pln_slot {
  double base; /* signed: what is held, with the market orders that wait */
  double buys; /* what working orders would open beyond, on either side */
  double sells;
} pln_slot;

struct pln_review {
  pln_slot *slots; /* [portfolio * n_markets + instrument]; made anew for each instant */
  /* Windows of returns: [instrument * bars + row], of the instruments that are `in`. */
  int32_t bars;
  double *returns;
  int8_t *in;
  int64_t *times;
  /* Changes of value, the order's own part for each lot of it; room for the longest window or most paths. */
  int64_t most;
  int64_t n_scenarios;
  double *fixed, *each, *work;
  double *signed_values; /* of each instrument */
  int32_t *drawn;        /* rows of one path */
  double peak, equity;   /* of all portfolios together, at the last mark */
  /* The order under review: pending[at]. */
  int64_t at;
  int32_t is_begun;
  int32_t next_rule; /* the portfolio's, then the container's */
  int32_t is_asking;
  int32_t refusal; /* of the last rule that took something */
  double closing, opening, wanted;
  pln_risk_request request;
  pln_decision *decisions;
  int64_t n_decisions, capacity;
};

/* One rule and one order. */
typedef struct pln_case {
  pln_exec *x;
  pln_review *r;
  const pln_rule *rule;
  int32_t scope;        /* 1: all portfolios */
  int32_t portfolio, k; /* of the order */
  int32_t side;         /* 0: no order, what is held as it is */
  int32_t working;
  double closing;
  double equity; /* of the scope */
} pln_case;

/* review_value.c. What a rule measures were `count` lots opened; NaN where it cannot be known, or the rule
 * has nothing to say. */
double pln_review_value(const pln_case *c, double count);
/* Whether the measure depends on how much is opened. */
bool pln_review_is_sized(int32_t kind);
/* Prepares what several measures of one case share. */
void pln_review_prepare(const pln_case *c);
/* Currency of a lot at the last close. */
double pln_review_unit(const pln_exec *x, int32_t portfolio, int32_t k);
/* The slot of the order's instrument with `count` lots opened. */
pln_slot pln_review_slot(const pln_case *c, double count);
/* The position that the order leads to, signed lots, with what else waits on its side. */
double pln_review_position(const pln_case *c, double count);
double pln_slot_extreme(const pln_slot *s);
/* Signed value of an instrument over the scope, currency. */
double pln_review_signed(const pln_case *c, int32_t k, double count);

/* review_window.c */
/* Returns of the order's instrument and of all that is held, on the visible bars of the order's instrument:
 * how many rows there are; fewer than `bars` where the data begins. */
int64_t pln_review_window(const pln_case *c, int32_t bars);
/* Room for windows and scenarios; 0 or a status. */
int32_t pln_review_reserve(pln_review *r, int32_t n_markets, int32_t bars, int64_t scenarios);
double pln_review_loss(const pln_case *c, double count);
void pln_review_scenarios(const pln_case *c);
double pln_review_correlation(const pln_case *c);
/* The composite score with `count` lots opened. */
double pln_review_score(const pln_case *c, double count);
/* Of what would be held: volatility in percent a year and parametric value at risk of one bar in percent of
 * the equity; 0 where there are too few returns. */
void pln_review_spread(const pln_case *c, double count, double *volatility, double *loss);

/* review.c */
void pln_review_decide(pln_exec *x, const pln_decision *d);
