#pragma once
/* The inside of the feature hub: what the hub_*.c files share.
 *
 *   hub.c           life, streams, seal, what is read of a slice
 *   hub_graph.c     features become nodes, each distinct one once
 *   hub_foreign.c   indicators of the caller's own
 *   hub_stream.c    rows and times of the streams, joins between them
 *   hub_plan.c      seal: nodes become units of evaluation, with their memory
 *   hub_run.c       one slice, unit by unit
 *   hub_pool.c      the threads that help with that
 *   hub_peek.c      a row that is not final
 *   hub_snapshot.c  the state as bytes */
#include "feature/expression.h"
#include "feature/hub_pool.h"
#include "abi/time.h"
#include <string.h>

enum { PLN_HUB_STREAM_NAME = 160 };

/* A series of values: one output of a node. */
typedef struct pln_hub_series {
  const double *values; /* entry 0 is the first row of the slice */
  double *buffer;       /* chunk_rows values of its own, NULL for a column of the bars */
} pln_hub_series;

/* Head of a unit's state; the kernel's own follows. All of it is plain memory. */
typedef struct pln_hub_state {
  int64_t rows;   /* rows given to the kernel; for a join, rows of the source seen */
  double carried; /* join: value of the last of them */
} pln_hub_state;

typedef struct pln_hub_node {
  pln_expr_node expr; /* args[i].node is the series of input i, args[i].output is unused */
  int32_t first_series;
  int32_t n_outputs;
  int32_t may_gap; /* NaN may come in the middle: the series derives from a further column */
  int32_t source;  /* join: stream of its input */
  int32_t call;    /* index among the calls of the caller's own indicators, or -1 */
  int64_t lookback;
  int64_t warmup;
  int64_t state_size;
} pln_hub_node;

typedef enum pln_hub_unit_kind {
  PLN_HUB_CLOCK = 1,
  PLN_HUB_JOIN,
  PLN_HUB_CALL,
  PLN_HUB_FAMILY,
  PLN_HUB_FOREIGN
} pln_hub_unit_kind;

/* What is computed at a time: a node, or calls of one indicator over the same inputs that share their state
 * (pln_ind_family). The inputs, the rows that they have and whether they may gap are those of its first node.
 * Units stand in an order in which inputs come before what uses them. */
typedef struct pln_hub_unit {
  int32_t kind; /* pln_hub_unit_kind */
  int32_t stream;
  int32_t first_node; /* in hub->members */
  int32_t n_nodes;
  int32_t first_column; /* in hub->columns: the outputs of its nodes, one after the other */
  int32_t n_columns;
  int32_t level; /* 1 + the largest of its inputs */
  int32_t n_args;
  int32_t may_gap;
  int32_t valid_at; /* the step's output that is `valid`, where only that is asked for; else -1 */
  int32_t args[PLN_IND_MAX_INPUTS];                         /* series */
  int64_t max_lookback;                                     /* of its nodes */
  void (*step)(void *state, const double *in, double *out); /* of a call or a family */
  int64_t state_size;                                       /* with the head */
  int64_t state_offset;
} pln_hub_unit;

typedef struct pln_hub_stream {
  const pln_bars *bars;
  const pln_timezone *zone; /* of the bars' days */
  char name[PLN_HUB_STREAM_NAME];
  int64_t first; /* rows of the slice: [first, last) */
  int64_t last;
} pln_hub_stream;

typedef struct pln_hub_feature {
  int32_t series;
  int32_t stream;
} pln_hub_feature;

/* A call of one of the caller's own indicators. */
typedef struct pln_hub_call {
  int32_t node;
  int32_t definition;
  int32_t answered;
} pln_hub_call;

/* A feature that is written into an array of the caller's. */
typedef struct pln_hub_bound {
  double *column;
  int32_t series;
  int32_t stream;
  int32_t place; /* in hub->columns; -1: its values are copied */
} pln_hub_bound;

/* Units that follow each other in hub->order and need not wait for another: all between two that are foreign,
 * or with threads those of a level. A foreign unit is one of its own. */
typedef struct pln_hub_batch {
  int32_t first;
  int32_t n;
  int32_t n_columns;
  int32_t is_foreign;
} pln_hub_batch;

/* How far the slice, or the peek, is computed. */
typedef struct pln_hub_cursor {
  int32_t batch;      /* the next one; a peek: the next in hub->order */
  int32_t unit;       /* of `request` */
  int32_t is_pending; /* `request` of this unit waits for its answer */
  int64_t first;      /* its rows, counted in the slice */
  int64_t last;
  pln_hub_request request;
} pln_hub_cursor;

/* A row that is not final. Values and the states of units are copies. */
typedef struct pln_hub_peek {
  int32_t is_active;
  int32_t stream;
  pln_hub_row row;
  double *out;
  double *values;      /* of each series */
  double *step_values; /* of the outputs of the unit at hand */
  char *state;         /* of the unit at hand */
} pln_hub_peek_data;

struct pln_hub {
  int32_t chunk_rows;
  int32_t sealed;
  int32_t n_threads;
  int32_t failed; /* seal failed or an answer was refused: nothing is computed */
  pln_hub_stream *streams;
  pln_hub_node *nodes;
  pln_hub_series *series;
  int32_t *series_node;
  pln_hub_feature *features;
  pln_hub_call *calls;
  pln_ind_desc **definitions;
  int32_t *table; /* open addressing over nodes, by content; -1: free */
  int32_t n_streams, n_nodes, n_series, n_features, n_calls, n_definitions;
  int32_t cap_streams, cap_nodes, cap_series, cap_series_node, cap_features, cap_calls, cap_definitions,
      table_size;
  pln_hub_unit *units;
  int32_t *order; /* of computing them */
  pln_hub_batch *batches;
  pln_pool *pool;        /* NULL: one thread */
  int64_t slice_rows;    /* of all streams */
  int32_t *members;      /* nodes of the units */
  int32_t *column_nodes; /* nodes that are columns of the bars */
  double **columns;      /* buffers of the units' outputs */
  double **at;           /* the same, from some row on: scratch of the unit that is computed */
  int32_t n_units, n_members, n_columns, n_column_nodes, n_batches;
  char *state;
  int64_t state_size;
  double *buffers;
  pln_hub_bound *bound;
  int32_t n_bound, cap_bound;
  pln_hub_cursor cursor;
  pln_hub_peek_data peek;
};

int pln_hub_grow(void **array, int32_t *capacity, int32_t needed, size_t size);
/* Room for `needed` entries of an array of the hub; 0: no memory. */
#define PLN_HUB_GROW(hub, array, capacity, needed)                                                           \
  pln_hub_grow((void **)&(hub)->array, &(hub)->capacity, (needed), sizeof *(hub)->array)

static inline pln_hub_state *pln_hub_state_of(const pln_hub *hub, const pln_hub_unit *unit) {
  return (pln_hub_state *)(void *)(hub->state + unit->state_offset);
}
static inline pln_hub_node *pln_hub_unit_node(const pln_hub *hub, const pln_hub_unit *unit, int32_t i) {
  return &hub->nodes[hub->members[unit->first_node + i]];
}
/* Columns that are read off the times of the bars rather than stored. */
static inline int pln_hub_is_clock(const pln_expr_node *expr) {
  return expr->kind == PLN_EXPR_COLUMN && expr->column >= PLN_EXPR_FIRST_CLOCK;
}
static inline int pln_hub_has_buffer(const pln_expr_node *expr) {
  return expr->kind != PLN_EXPR_COLUMN || pln_hub_is_clock(expr);
}
static inline int64_t pln_hub_visible(const pln_bars *bars, int64_t i) {
  return bars->visible_ns ? bars->visible_ns[i] : bars->ts_ns[i] + bars->timeframe.ns;
}

/* hub.c: refuses unless the hub is sealed, sound and without a pending request. */
int32_t pln_hub_check_idle(const pln_hub *hub, const char *what);

/* hub_graph.c */
const pln_hub_node *pln_hub_node_of(const pln_hub *hub, int32_t series);
/* Warm-ups of node `first` and those after it, from their inputs. */
void pln_hub_settle(pln_hub *hub, int32_t first);

/* hub_bind.c */
void pln_hub_place_bound(pln_hub *hub); /* before a slice is computed */
void pln_hub_copy_bound(pln_hub *hub);  /* after it */

/* hub_foreign.c */
int32_t pln_hub_note_call(pln_hub *hub, int32_t node); /* its index or a status */
/* The next run of rows of a foreign unit becomes a request; 0: there is none. */
int pln_hub_ask(pln_hub *hub, const pln_hub_unit *unit);
/* A request over `rows` rows; its inputs and outputs are to be set. */
pln_hub_request pln_hub_request_of(const pln_hub *hub, const pln_hub_unit *unit, pln_hub_state *state,
                                   int64_t rows);

/* hub_stream.c */
/* Points the columns of the bars at the slice. */
void pln_hub_run_columns(const pln_hub *hub);
void pln_hub_run_clock(const pln_hub *hub, const pln_hub_unit *unit);
void pln_hub_run_join(const pln_hub *hub, const pln_hub_unit *unit);
/* Value of a clock for a row of a stream. */
double pln_hub_clock_value(const pln_hub_stream *stream, int32_t clock, int64_t open_ns, int64_t visible_ns,
                           pln_timezone_cursor *cursor);
/* Takes the rows visible at or before until_ns as the slice; their number over all streams. */
int64_t pln_hub_take_rows(pln_hub *hub, int64_t until_ns);

/* hub_plan.c */
int32_t pln_hub_plan(pln_hub *hub); /* all of seal but its checks */

/* hub_run.c */
void pln_hub_run_part(const void *hub, int32_t place); /* for the pool: the unit at a place of hub->order */
void pln_hub_fill_nan(double *out, int64_t first, int64_t last);
/* The first row at or after `from` in which some input is NaN (want_nan) or none is; `rows` if there is none.
 */
int64_t pln_hub_next_row(const double *const *in, int32_t n_inputs, int64_t from, int64_t rows, int want_nan);
/* The inputs of a node in the slice. */
void pln_hub_inputs(const pln_hub *hub, const pln_hub_node *node, const double *in[PLN_IND_MAX_INPUTS]);
/* Blanks what is not warm of so many rows of the outputs, and counts the rows. */
void pln_hub_finish_rows(const pln_hub *hub, const pln_hub_unit *unit, pln_hub_state *state,
                         double *const *out, int64_t rows);
/* One row to a call's or a family's kernel; `out` has room for n_columns + PLN_IND_MAX_OUTPUTS values. */
static inline void pln_hub_step(const pln_hub_unit *unit, void *state, const double *in, double *out) {
  unit->step(state, in, out);
  if (unit->valid_at >= 0) out[0] = out[unit->valid_at];
}
/* Computes up to the next request or the end of the slice. */
void pln_hub_run(pln_hub *hub);

/* hub_peek.c: the same for the peek. */
void pln_hub_run_peek(pln_hub *hub);
