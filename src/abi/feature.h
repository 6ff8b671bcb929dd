#pragma once
#include "abi/data.h"

/* What is known of an indicator; static, valid for ever. */
typedef struct pln_indicator_param {
  const char *name;
  const char *help;
  double default_value;
  double min_value;
  double max_value;
  const char *words;        /* names of the values 0, 1, …, space separated ("sma first"); NULL: a number */
  int32_t is_integer;
  int32_t reserved;
} pln_indicator_param;

typedef enum pln_input_kind {
  PLN_INPUT_SOURCE = 0,     /* the first of `inputs` may be given and has a default ("source": close; else itself,
                               such as hlc3); the others are columns unless they are given by name */
  PLN_INPUT_COLUMNS = 1,    /* the columns that `inputs` names; none is given */
  PLN_INPUT_SERIES = 2,     /* the series that `inputs` names, all to be given */
  PLN_INPUT_VARIADIC = 3    /* the series that `inputs` names, to be given, and any more up to 8 */
} pln_input_kind;

typedef struct pln_indicator_info {
  const char *name;
  const char *aliases;      /* other names that find it, space separated ("willr"); NULL: none */
  const char *group;        /* "trend", "momentum", "volatility", "volume", "statistics", … */
  const char *help;         /* one line */
  const char *formula;      /* plain text, with its source and convention */
  const char *inputs;       /* space separated: "source", "high low close", "a b" */
  const char *outputs;      /* space separated; the first is the default */
  const char *example;
  const pln_indicator_param *params;
  int32_t n_params;
  int32_t input_kind;       /* pln_input_kind */
  int32_t has_valid;        /* 1: NAME(…).valid tells whether a row's outputs are defined (1) or neutral values (0) */
  int32_t reserved;
} pln_indicator_info;

/* The feature hub: a graph of features over one or more streams of bars, evaluated chunk by chunk.
 *
 * Life: new, add_stream…, define…, add_feature…, seal, then (horizon, advance, read columns)… until the data ends, free.
 * One hub belongs to one thread. Bars are borrowed and must outlive the hub.
 *
 * Rows advance in slices of time: pln_hub_advance(hub, t) computes, for every stream, the rows that are visible
 * at or before t and were not computed yet, so that a feature of one stream can be joined as-of onto another's
 * rows. A slice never spans more than chunk_rows rows of any stream. */
typedef struct pln_hub pln_hub;

pln_hub *pln_hub_new(int32_t chunk_rows); /* 1 … 65536 rows; 4096 is a good size */
void pln_hub_free(pln_hub *hub);

/* Adds a stream named SYMBOL_TIMEFRAME ("SPY_1m") after its bars. Returns its id (0, 1, …) or a status. The
 * feature history begins at the first bar. */
int32_t pln_hub_add_stream(pln_hub *hub, const pln_bars *bars);

/* Adds a feature, written as an expression (docs/expressions.md), over the rows of a stream. Equal
 * subexpressions are one node. Returns the feature's id or a status; the error has the column of the
 * expression as its column. Ids are stable: the same expression on the same stream gives the same id. */
int32_t pln_hub_add_feature(pln_hub *hub, int32_t stream, const char *expression);

/* Before seal: lets n threads (1 … 64, the caller's included; 1 by default) compute the features of a level together. The
 * values, and snapshots, are the same. Threads start with seal, sleep between slices and end with free. It pays where
 * slices are long and features many: a level with less than some ten thousand values is left to the caller. */
int32_t pln_hub_set_threads(pln_hub *hub, int32_t n);
/* Ends building: orders the graph, makes its state. */
int32_t pln_hub_seal(pln_hub *hub);

/* The largest time to which one advance may go; INT64_MAX once all rows are computed (nothing is left). */
int64_t pln_hub_horizon(const pln_hub *hub);
/* Computes the rows visible at or before until_ns (<= horizon); with indicators of the caller's own, see below, up to
 * the first that is asked for. Returns the number of rows computed, over all
 * streams, or a status. Their columns are valid until the next advance. A column of a stream that has no row in the
 * slice must not be read. */
int64_t pln_hub_advance(pln_hub *hub, int64_t until_ns);
/* The rows of a stream in the current slice: [first, last) as indices of its bars. */
int64_t pln_hub_first_row(const pln_hub *hub, int32_t stream);
int64_t pln_hub_last_row(const pln_hub *hub, int32_t stream);
/* Values of a feature in the current slice: entry 0 is the stream's first row. NaN before warm-up. Valid until
 * the next advance. */
const double *pln_hub_column(const pln_hub *hub, int32_t feature);
/* Lets a sealed hub write a feature into an array of the caller's, column[row of its stream], instead of a buffer of
 * a slice's length: for whole columns, without a copy. The array has room for all rows of the stream and outlives
 * the hub; pln_hub_column points into it. Before the first advance. 0 or a status. */
int32_t pln_hub_bind(pln_hub *hub, int32_t feature, double *column);
/* Index of the first warm row of a feature, counted in rows of its own stream: 0 for close, 19 for sma(20).
 * Data-dependent joins count 0. */
int64_t pln_hub_warmup(const pln_hub *hub, int32_t feature);
/* First row of the slice at or after `from` (indices of the stream's bars) at which all n features are warm (not
 * NaN), or the last row + 1 if none. */
int64_t pln_hub_first_warm(const pln_hub *hub, int32_t stream, const int32_t *features, int32_t n, int64_t from);
/* Copies one row of many columns of doubles or int64s into a struct: 8 bytes from columns[k][row] to the place
 * places[k], counted in 8 bytes. */
typedef struct pln_gather {
  void *out;
  const void *const *columns;
  const int32_t *places;
  int64_t n;
} pln_gather;
void pln_gather_row(const pln_gather *gather, int64_t row);
/* Number of features; ids are 0 … n - 1. */
int32_t pln_hub_features(const pln_hub *hub);
/* Number of distinct nodes in the graph. */
int32_t pln_hub_nodes(const pln_hub *hub);

/* A row of a stream that is not final: the bar that is forming. */
typedef struct pln_hub_row {
  int64_t ts_ns;        /* open time */
  int64_t visible_ns;   /* close time; at or before ts_ns: as the stream's timeframe says */
  double open;
  double high;
  double low;
  double close;
  double volume;
  const double *extra;  /* the values of the data's further columns, NULL: NaN */
} pln_hub_row;

/* Values of all features for a row that would be the stream's next, without taking it: to the bit what an advance over
 * that row alone would give. `out` has one entry per feature, indexed by its id; features of other streams, which have
 * no row here, are NaN. Costs a copy of the states that the stream's features have (short for all but long windows).
 * Returns 0; 1 if something is asked (see below): then `out`, which must live until then, is filled when pln_hub_resume
 * returns 0; or a status. */
int32_t pln_hub_peek(pln_hub *hub, int32_t stream, const pln_hub_row *row, double *out);

/* The state between two advances as bytes: what a hub with the same streams and features, added in the same order,
 * needs to go on as if it had computed all rows itself. Bytes are for this version and this kind of processor. */
int64_t pln_hub_snapshot_size(const pln_hub *hub);                /* fixed by seal; or a status */
int32_t pln_hub_save(const pln_hub *hub, void *out, int64_t size);
/* Refuses what is damaged, was saved with other features, or after other bars than the streams have. There is no slice
 * afterwards until the next advance. */
int32_t pln_hub_load(pln_hub *hub, const void *data, int64_t size);

/* Indicators of the caller's own ("definitions"), for what is written in Lua. C never calls: it asks, the caller
 * answers.
 *
 *   define        before the features that use it; in expressions it is then like a built-in one
 *   add_feature   may make calls: distinct pairs of a definition with parameters and inputs, numbered 0, 1, …
 *                 Each is to be answered, once, by its lookback and the size of its state:
 *                     for (; seen < pln_hub_calls(hub); seen++) pln_hub_answer_call(hub, seen, …);
 *   seal          refuses while a call is not answered
 *   advance       computes all that does not wait for an answer. Then, until nothing is asked any more:
 *                     while (pln_hub_pending(hub, &request)) { …fill request.outputs…; pln_hub_resume(hub); }
 *                 Only after that are the slice's columns complete.
 *
 * The rules of built-in kernels hold: rows with a NaN input are not in a request (they have NaN outputs); the hub
 * blanks the first `lookback` rows; after them every output must be finite (resume refuses others); the values must
 * not depend on how rows are grouped into requests; all that is remembered is in `state`. */

/* Copies the definition. info->aliases is ignored; group, help, formula, example may be NULL; with has_valid there is
 * one more output, the last, which is NAME(…).valid. The name must not be that of a built-in indicator, of a column or
 * of another definition. Returns its id (0, 1, …) or a status. */
int32_t pln_hub_define(pln_hub *hub, const pln_indicator_info *info);
/* Number of calls so far. Calls are only added, by pln_hub_add_feature (even by one that fails). */
int32_t pln_hub_calls(const pln_hub *hub);
int32_t pln_hub_call_definition(const pln_hub *hub, int32_t call);
/* n_params values (the index of the word for words); with variadic inputs their number follows. Valid until the next
 * add_feature. */
const double *pln_hub_call_params(const pln_hub *hub, int32_t call);
/* lookback: index of the first row with a value, counted in rows that have all inputs. state_bytes: 0 … 2^30. Warm-ups
 * that pln_hub_warmup tells are right once all calls are answered. */
int32_t pln_hub_answer_call(pln_hub *hub, int32_t call, int64_t lookback, int64_t state_bytes);

/* What is asked: `rows` rows of one call. Pointers are valid until resume. */
typedef struct pln_hub_request {
  int32_t definition;
  int32_t call;
  int32_t n_inputs;
  int32_t n_outputs;        /* with `valid` where the definition has it */
  int64_t rows;             /* >= 1 */
  int64_t seen;             /* rows of this call in requests before; 0: `state` is zeroed memory, to be set up */
  void *state;              /* 8-byte aligned, NULL where there is none; copied and written out as plain memory */
  const double *params;
  const double *inputs[8];  /* n_inputs columns of `rows` values, without NaN */
  double *outputs[17];      /* n_outputs columns of `rows` values, to be filled */
} pln_hub_request;

/* Whether something is asked (1 or 0), and what. */
int32_t pln_hub_pending(const pln_hub *hub, pln_hub_request *out);
/* The request's outputs are filled: computes on. Returns 1 if something is asked again, 0 if the slice is complete, or a
 * status, after which the hub can only be freed. */
int32_t pln_hub_resume(pln_hub *hub);

/* One-shot form: evaluates an expression over all of `bars` into out[n_bars]. 0 or a status. */
int32_t pln_feature_compute(const pln_bars *bars, const char *expression, double *out);

/* The streams that an expression's scopes name ("QQQ_1d\nSPY_5m"), in the order in which they appear, each once:
 * what must be added to a hub before it. Looks at the words only: of NAME.output (heikin_ashi.open) it knows the built-in
 * indicators, so that the name of a definition may be among them. Returns the length of the text without its NUL,
 * or PLN_ERR_LIMIT where it does not fit `size`. */
int64_t pln_expression_scopes(const char *expression, char *out, int64_t size);

int32_t pln_indicator_count(void);
const pln_indicator_info *pln_indicator_get(int32_t index); /* NULL out of range; sorted by name */
/* Index of the first row with a value, for n_params parameters (NULL: the defaults); -1 out of range. */
int64_t pln_indicator_lookback(int32_t index, const double *params);
