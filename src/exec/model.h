#pragma once
#include "abi/costs.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a model is made: one file model_<name>.c with `const pln_model_desc pln_model_<name>` and test data in
 * tests/vectors/model_<name>.csv; the build finds it by its name. A model is a pure function of what it is
 * asked: no state, no clock, and randomness only from `random`. */
enum { PLN_MODEL_MAX_PARAMS = 8, PLN_MODEL_MAX_GAUGES = 2, PLN_MODEL_MAX_LIST = 64 };

/* A model's parameters and what it was configured with. */
typedef struct pln_model_values {
  double p[PLN_MODEL_MAX_PARAMS];           /* numbers; of lists the first */
  const double *list[PLN_MODEL_MAX_PARAMS]; /* all of them */
  int32_t n[PLN_MODEL_MAX_PARAMS];
} pln_model_values;

/* SLIPPAGE: a fill that is to be priced. */
typedef struct pln_model_fill {
  double price;                        /* before any cost */
  double quantity;                     /* units that the order trades in this bar */
  double volume;                       /* of the bar; NaN where the data has none */
  double spread;                       /* quoted, in price; NaN where the data has no quotes */
  double gauges[PLN_MODEL_MAX_GAUGES]; /* as known when the bar opened; NaN: not warm */
  uint64_t random;                     /* of this order */
  int32_t worsens;                     /* 0: a limit order or target, whose price nothing may worsen */
  int32_t on_sides;                    /* 1: a fill on bid or ask, whose price has half of the spread in it */
} pln_model_fill;

/* COMMISSION: an order so far. */
typedef struct pln_tally {
  double quantity, notional;             /* filled; notional in the account's currency */
  double maker_quantity, maker_notional; /* of it, as a limit order that had rested */
  double month_quantity,
      month_notional; /* what was traded in the calendar month before the order's first fill */
} pln_tally;

typedef struct pln_fee {
  double commission, exchange;
} pln_fee;

/* FINANCING: a period that has passed, or a payment that is due. */
typedef struct pln_model_accrual {
  double value; /* of the position, signed; of models for the account: the cash, negative = borrowed */
  double rate;  /* of the series, in percent; NaN where there is none */
  double days;  /* calendar days that the period has */
} pln_model_accrual;

/* Under which heading it is accounted. */
typedef enum pln_cost_kind {
  PLN_COST_COMMISSION,
  PLN_COST_SPREAD,
  PLN_COST_SLIPPAGE,
  PLN_COST_IMPACT,
  PLN_COST_IMPROVEMENT,
  PLN_COST_BORROW,
  PLN_COST_MARGIN_INTEREST,
  PLN_COST_INTEREST,
  PLN_COST_FUNDING,
  PLN_COST_NONE
} pln_cost_kind;

typedef struct pln_model_desc {
  pln_model_info info;
  int32_t cost; /* pln_cost_kind */
  /* NULL, or whether the values go together: NULL or what is wrong. */
  const char *(*check)(const pln_model_values *v);
  /* SLIPPAGE: distance of price against the order, >= 0; for the order where cost is IMPROVEMENT. NaN: it
   * cannot tell. */
  double (*offset)(const pln_model_values *v, const pln_model_fill *fill);
  /* COMMISSION: all that the order is charged for what it has filled. */
  pln_fee (*fee)(const pln_model_values *v, const pln_tally *order);
  int32_t reads_month; /* 1: it reads month_quantity or month_notional */
  /* LATENCY, nanoseconds >= 0. */
  double (*delay_ns)(const pln_model_values *v, uint64_t random);
  /* FINANCING: what is added to cash. */
  double (*accrue)(const pln_model_values *v, const pln_model_accrual *a);
  int32_t of_cash; /* 1: of the account's cash, 0: of each position */
  double (*interval_hours)(
      const pln_model_values *v); /* NULL: daily; else payments at multiples of it from 0:00 UTC */
} pln_model_desc;

#define PLN_MODEL_PARAM(NAME, UNIT, HELP, DEFAULT, MIN, MAX)                                                 \
  { .name = NAME, .unit = UNIT, .help = HELP, .default_value = DEFAULT, .min_value = MIN, .max_value = MAX }
#define PLN_MODEL_PARAM_INT(NAME, UNIT, HELP, DEFAULT, MIN, MAX)                                             \
  {                                                                                                          \
    .name = NAME, .unit = UNIT, .help = HELP, .default_value = DEFAULT, .min_value = MIN, .max_value = MAX,  \
    .is_integer = 1                                                                                          \
  }
#define PLN_MODEL_PARAM_WORD(NAME, HELP, DEFAULT, LAST, WORDS)                                               \
  {                                                                                                          \
    .name = NAME, .unit = "", .help = HELP, .default_value = DEFAULT, .max_value = LAST, .words = WORDS,     \
    .is_integer = 1                                                                                          \
  }
#define PLN_MODEL_PARAM_LIST(NAME, UNIT, HELP, DEFAULT, MIN, MAX)                                            \
  {                                                                                                          \
    .name = NAME, .unit = UNIT, .help = HELP, .default_value = DEFAULT, .min_value = MIN, .max_value = MAX,  \
    .is_list = 1                                                                                             \
  }

extern const pln_model_desc *const pln_model_list[]; /* generated from the files */
extern const int32_t pln_model_count;

#define PLN_MODEL_HUGE 1e15

/* Evenly spread in (0, 1), from the bits of a hash. */
static inline double pln_model_uniform(uint64_t random) { return ((double)(random >> 12) + 0.5) * 0x1p-52; }

/* A number that depends on nothing but its arguments: the same in any chunking and thread. The finaliser of
 * splitmix64 (Steele, Lea, Flood 2014: "Fast splittable pseudorandom number generators"). */
static inline uint64_t pln_model_hash(uint64_t seed, uint64_t stream, uint64_t counter) {
  uint64_t z = seed + 0x9e3779b97f4a7c15u * (counter + 1) + 0xd1342543de82ef95u * (stream + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* A tier table over (from, to]: sum of rate[i] over the part that lies in tier i; tiers end at bound[i]. */
static inline double pln_model_tiers(const double *bound, int32_t n_bounds, const double *rate, double from,
                                     double to) {
  double sum = 0, low = from;
  for (int32_t i = 0; i <= n_bounds && low < to; i++) {
    const double high = i < n_bounds && bound[i] < to ? bound[i] : to;
    if (i < n_bounds && bound[i] <= low) continue;
    sum += rate[i] * (high - low);
    low = high;
  }
  return sum;
}
