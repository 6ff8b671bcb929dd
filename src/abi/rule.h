#pragma once
#include "abi/exec.h"
#include "abi/feature.h"
/* Rules: signals that are the sign of a feature, made without a look at each bar in Lua. Above zero LONG, below SHORT,
 * zero FLAT, with strength and confidence 1; what a `signal` function over the same feature would return, to the bit. */

/* A rule over one stream of a hub, and how far it is. Plain memory of the caller's. */
typedef struct pln_signal_rule {
  int32_t stream;        /* of the hub */
  int32_t feature;       /* of the hub: the sign is that of `feature` less `less` */
  int32_t less;          /* a feature, -1: nothing is taken off */
  int32_t direction;     /* of the latest signal, FLAT at first */
  int64_t first_row;     /* rows of the stream that it may look at: [first_row, last_row) */
  int64_t last_row;
  int64_t warm_row;      /* the first at which its features are warm, found as slices come; -1 until then */
  int64_t n_changes;     /* of its signal, so far */
} pln_signal_rule;

/* The changes of the rule's signal within the hub's slice: fills out[] (room for a slice's rows), with the time at which
 * the bar becomes visible and the row counted from the first that was looked at. `bars` are the stream's. Returns their
 * number. */
int64_t pln_rule_signals(pln_signal_rule *rule, const pln_hub *hub, const pln_bars *bars, pln_signal *out);
