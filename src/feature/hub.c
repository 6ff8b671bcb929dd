#include "feature/expression.h"
#include "abi/time.h"
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHUNK_ROWS = 65536, MAX_STREAMS = 4096, MAX_NODES = 1 << 20, ALIGNMENT = 64, STREAM_NAME = 160 };
static const int64_t NS_PER_S = 1000000000;

/* A series of values: one output of a node. */
typedef struct series {
  const double *values; /* entry 0 is the first row of the slice */
  double *buffer;       /* chunk_rows values of its own, NULL for a column of the bars */
} series;

/* Head of a node's state; the kernel's own follows. All of it is plain memory. */
typedef struct node_state {
  int64_t rows;   /* rows given to the kernel; for a join, rows of the source seen */
  double carried; /* join: value of the last of them */
} node_state;

typedef struct node {
  pln_expr_node expr; /* args[i].node is the series of input i, args[i].output is unused */
  int32_t first_series;
  int32_t n_outputs;
  int32_t may_gap; /* NaN may come in the middle: the series derives from a further column */
  int32_t source;  /* join: stream of its input */
  int64_t lookback;
  int64_t warmup;
  int64_t state_size;
  int64_t state_offset;
} node;

typedef struct stream {
  const pln_bars *bars;
  const pln_timezone *zone; /* of the bars' days */
  char name[STREAM_NAME];
  int64_t first; /* rows of the slice: [first, last) */
  int64_t last;
} stream;

typedef struct feature {
  int32_t series;
  int32_t stream;
  int64_t warmup;
} feature;

struct pln_hub {
  int32_t chunk_rows;
  int32_t sealed;
  stream *streams;
  node *nodes;
  series *series;
  int32_t *series_node;
  feature *features;
  int32_t *table; /* open addressing over nodes, by content; -1: free */
  int32_t n_streams, n_nodes, n_series, n_features;
  int32_t cap_streams, cap_nodes, cap_series, cap_series_node, cap_features, table_size;
  char *state;
  double *buffers;
};

static int grow(void **array, int32_t *capacity, int32_t needed, size_t size) {
  if (needed <= *capacity) return 1;
  const int32_t larger = needed > *capacity * 2 ? needed + 8 : *capacity * 2;
  void *moved = realloc(*array, (size_t)larger * size);
  if (!moved) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory"), 0;
  *array = moved;
  *capacity = larger;
  return 1;
}
#define GROW(hub, array, capacity, needed)                                                                   \
  grow((void **)&(hub)->array, &(hub)->capacity, (needed), sizeof *(hub)->array)

pln_hub *pln_hub_new(int32_t chunk_rows) {
  if (chunk_rows < 1 || chunk_rows > MAX_CHUNK_ROWS) {
    pln_fail(PLN_ERR_ARGUMENT, "feature hub: chunk_rows %d is out of range 1…%d", (int)chunk_rows,
             (int)MAX_CHUNK_ROWS);
    return NULL;
  }
  pln_hub *hub = calloc(1, sizeof *hub);
  if (!hub) {
    pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
    return NULL;
  }
  hub->chunk_rows = chunk_rows;
  return hub;
}

void pln_hub_free(pln_hub *hub) {
  if (!hub) return;
  free(hub->streams);
  free(hub->nodes);
  free(hub->series);
  free(hub->series_node);
  free(hub->features);
  free(hub->table);
  free(hub->state);
  free(hub->buffers);
  free(hub);
}

static inline int64_t visible(const pln_bars *bars, int64_t i) {
  return bars->visible_ns ? bars->visible_ns[i] : bars->ts_ns[i] + bars->timeframe.ns;
}

int32_t pln_hub_add_stream(pln_hub *hub, const pln_bars *bars) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: a stream cannot be added after seal");
  if (hub->n_streams == MAX_STREAMS)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: more than %d streams", (int)MAX_STREAMS);
  if (!GROW(hub, streams, cap_streams, hub->n_streams + 1)) return PLN_ERR_MEMORY;
  stream *s = &hub->streams[hub->n_streams];
  *s = (stream){.bars = bars, .zone = pln_timezone_get(bars->timezone ? bars->timezone : "UTC")};
  if (!s->zone) return PLN_ERR_ARGUMENT;
  char timeframe[16];
  pln_timeframe_format(&bars->timeframe, timeframe);
  if (snprintf(s->name, sizeof s->name, "%s_%s", bars->symbol ? bars->symbol : "", timeframe) >= STREAM_NAME)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: the symbol '%.40s…' is too long", bars->symbol);
  for (int32_t i = 0; i < hub->n_streams; i++)
    if (strcmp(hub->streams[i].name, s->name) == 0)
      return pln_fail(PLN_ERR_ARGUMENT, "feature hub: the stream %s is there already", s->name);
  for (int64_t i = 1; bars->visible_ns && i < bars->n_bars; i++)
    if (bars->visible_ns[i] <= bars->visible_ns[i - 1])
      return pln_fail(PLN_ERR_ARGUMENT,
                      "feature hub: %s: bar %lld becomes visible no later than the bar before it", s->name,
                      (long long)i);
  return hub->n_streams++;
}

/* Graph */

static uint64_t node_hash(const pln_expr_node *expr) { return pln_hash64(expr, sizeof *expr, 0); }

static int rehash(pln_hub *hub) {
  if ((hub->n_nodes + 1) * 2 <= hub->table_size) return 1;
  const int32_t size = hub->table_size ? hub->table_size * 2 : 64;
  int32_t *table = malloc((size_t)size * sizeof *table);
  if (!table) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory"), 0;
  for (int32_t i = 0; i < size; i++) table[i] = -1;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    uint64_t slot = node_hash(&hub->nodes[i].expr);
    while (table[slot & (uint64_t)(size - 1)] >= 0) slot++;
    table[slot & (uint64_t)(size - 1)] = i;
  }
  free(hub->table);
  hub->table = table;
  hub->table_size = size;
  return 1;
}

static int32_t add_series(pln_hub *hub, int32_t of_node) {
  if (!GROW(hub, series, cap_series, hub->n_series + 1) ||
      !GROW(hub, series_node, cap_series_node, hub->n_series + 1))
    return PLN_ERR_MEMORY;
  hub->series[hub->n_series] = (series){0};
  hub->series_node[hub->n_series] = of_node;
  return hub->n_series++;
}

static const node *node_of(const pln_hub *hub, int32_t index) {
  assert(index >= 0 && index < hub->n_series && hub->series_node);
  return &hub->nodes[hub->series_node[index]];
}

/* Columns that are read off the times of the bars rather than stored. */
static int is_clock(const pln_expr_node *expr) {
  return expr->kind == PLN_EXPR_COLUMN && expr->column >= PLN_EXPR_FIRST_CLOCK;
}

static int has_buffer(const pln_expr_node *expr) { return expr->kind != PLN_EXPR_COLUMN || is_clock(expr); }

static void complete_node(const pln_hub *hub, node *n) {
  const pln_expr_node *expr = &n->expr;
  n->n_outputs = expr->kind == PLN_EXPR_CALL && !expr->valid ? expr->desc->n_outputs : 1;
  n->may_gap = expr->kind == PLN_EXPR_COLUMN && expr->column >= PLN_EXPR_COLUMNS && !is_clock(expr);
  for (int32_t i = 0; i < expr->n_args; i++) {
    const node *input = node_of(hub, expr->args[i].node);
    if (input->may_gap) n->may_gap = 1;
    if (expr->kind == PLN_EXPR_CALL && input->warmup > n->warmup) n->warmup = input->warmup;
    if (expr->kind == PLN_EXPR_JOIN) n->source = input->expr.stream;
  }
  if (expr->kind == PLN_EXPR_CALL) {
    if (expr->desc->lookback) n->lookback = expr->desc->lookback(expr->params);
    if (expr->desc->size) n->state_size = expr->desc->size(expr->params);
  }
  n->warmup += n->lookback;
}

/* The node with this content, made if it is new; its inputs are series of the hub. */
static int32_t intern(pln_hub *hub, const pln_expr_node *expr) {
  if (!rehash(hub)) return PLN_ERR_MEMORY;
  uint64_t slot = node_hash(expr);
  for (;; slot++) {
    const int32_t i = hub->table[slot & (uint64_t)(hub->table_size - 1)];
    if (i < 0) break;
    if (memcmp(&hub->nodes[i].expr, expr, sizeof *expr) == 0) return i;
  }
  if (hub->n_nodes == MAX_NODES)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: more than %d distinct subexpressions", (int)MAX_NODES);
  if (!GROW(hub, nodes, cap_nodes, hub->n_nodes + 1)) return PLN_ERR_MEMORY;
  node *n = &hub->nodes[hub->n_nodes];
  memset(n, 0, sizeof *n);
  n->expr = *expr;
  complete_node(hub, n);
  n->first_series = hub->n_series;
  for (int32_t i = 0; i < n->n_outputs; i++)
    if (add_series(hub, hub->n_nodes) < 0) return PLN_ERR_MEMORY;
  hub->table[slot & (uint64_t)(hub->table_size - 1)] = hub->n_nodes;
  return hub->n_nodes++;
}

/* The series of a parsed expression's root. */
static int32_t intern_tree(pln_hub *hub, const pln_expr *tree) {
  int32_t *made = malloc((size_t)tree->n_nodes * sizeof *made);
  if (!made) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
  /* Numbers that became parameters are not of the graph: only what the root reaches is made. */
  for (int32_t i = 0; i < tree->n_nodes; i++) made[i] = -1;
  made[tree->root.node] = 0;
  for (int32_t i = tree->root.node; i >= 0; i--)
    for (int32_t k = 0; made[i] >= 0 && k < tree->nodes[i].n_args; k++) made[tree->nodes[i].args[k].node] = 0;
  int32_t status = 0;
  for (int32_t i = 0; i < tree->n_nodes && status >= 0; i++) {
    if (made[i] < 0) continue;
    /* A copy by fields into zeroed memory, so that contents compare as bytes. */
    const pln_expr_node *from = &tree->nodes[i];
    pln_expr_node expr;
    memset(&expr, 0, sizeof expr);
    expr.kind = from->kind;
    expr.stream = from->stream;
    expr.column = from->column;
    expr.n_args = from->n_args;
    expr.valid = from->valid;
    expr.desc = from->desc;
    expr.value = from->value;
    memcpy(expr.params, from->params, sizeof expr.params);
    for (int32_t k = 0; k < from->n_args; k++)
      expr.args[k].node = hub->nodes[made[from->args[k].node]].first_series + from->args[k].output;
    status = made[i] = intern(hub, &expr);
  }
  assert(status < 0 || hub->nodes);
  const int32_t result =
      status < 0 ? status : hub->nodes[made[tree->root.node]].first_series + tree->root.output;
  free(made);
  return result;
}

int32_t pln_hub_add_feature(pln_hub *hub, int32_t stream_id, const char *expression) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: a feature cannot be added after seal");
  if (stream_id < 0 || stream_id >= hub->n_streams)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: there is no stream %d", (int)stream_id);
  pln_expr_stream *scopes = malloc((size_t)hub->n_streams * sizeof *scopes);
  if (!scopes) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
  for (int32_t i = 0; i < hub->n_streams; i++)
    scopes[i] = (pln_expr_stream){hub->streams[i].name, hub->streams[i].bars};
  pln_expr tree;
  int32_t status = pln_expr_parse(expression, scopes, hub->n_streams, stream_id, &tree);
  free(scopes);
  const int32_t root = status < 0 ? status : intern_tree(hub, &tree);
  pln_expr_free(&tree);
  if (root < 0) return root;
  for (int32_t i = 0; i < hub->n_features; i++)
    if (hub->features[i].series == root && hub->features[i].stream == stream_id) return i;
  if (!GROW(hub, features, cap_features, hub->n_features + 1)) return PLN_ERR_MEMORY;
  hub->features[hub->n_features] = (feature){root, stream_id, node_of(hub, root)->warmup};
  return hub->n_features++;
}

static int64_t aligned(int64_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static void init_nodes(pln_hub *hub) {
  const int64_t stride = aligned(hub->chunk_rows * (int64_t)sizeof(double)) / (int64_t)sizeof(double);
  int64_t used = 0;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    node *n = &hub->nodes[i];
    node_state *state = (node_state *)(void *)(hub->state + n->state_offset);
    state->carried = (double)NAN;
    if (n->state_size > 0 && n->expr.desc->init) n->expr.desc->init(state + 1, n->expr.params);
    if (!has_buffer(&n->expr)) continue;
    for (int32_t k = 0; k < n->n_outputs; k++) {
      series *s = &hub->series[n->first_series + k];
      s->values = s->buffer = hub->buffers + used;
      used += stride;
      if (n->expr.kind == PLN_EXPR_CONSTANT)
        for (int32_t row = 0; row < hub->chunk_rows; row++) s->buffer[row] = n->expr.value;
    }
  }
}

int32_t pln_hub_seal(pln_hub *hub) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: sealed twice");
  /* Inputs were made before what uses them, so the order of making is a topological order. */
  int64_t state_size = ALIGNMENT, n_buffers = 0;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    node *n = &hub->nodes[i];
    n->state_offset = state_size;
    state_size += aligned((int64_t)sizeof(node_state) + n->state_size);
    if (has_buffer(&n->expr)) n_buffers += n->n_outputs;
  }
  const int64_t buffer_size = n_buffers * aligned(hub->chunk_rows * (int64_t)sizeof(double)) + ALIGNMENT;
  hub->state = aligned_alloc(ALIGNMENT, (size_t)state_size);
  hub->buffers = aligned_alloc(ALIGNMENT, (size_t)buffer_size);
  if (!hub->state || !hub->buffers)
    return pln_fail(PLN_ERR_MEMORY, "feature hub: no memory for %lld bytes of state and %lld of columns",
                    (long long)state_size, (long long)buffer_size);
  memset(hub->state, 0, (size_t)state_size);
  init_nodes(hub);
  hub->sealed = 1;
  return PLN_OK;
}

/* Evaluation */

static void fill_nan(double *out, int64_t first, int64_t last) {
  for (int64_t i = first; i < last; i++) out[i] = (double)NAN;
}

/* A batch of so few rows is dearer than a step for each. */
enum { STEP_ROWS = 4 };

static void step_rows(const pln_expr_node *expr, void *state, const double *const *in, double *const *out,
                      int64_t rows) {
  const pln_ind_desc *desc = expr->desc;
  for (int64_t row = 0; row < rows; row++) {
    double x[PLN_IND_MAX_INPUTS], y[PLN_IND_MAX_OUTPUTS + 1];
    for (int32_t i = 0; i < expr->n_args; i++) x[i] = in[i][row];
    desc->step(state, x, y);
    if (expr->valid)
      out[0][row] = y[desc->n_outputs];
    else
      for (int32_t i = 0; i < desc->n_outputs; i++) out[i][row] = y[i];
  }
}

/* Rows [first, last) to the kernel, all without NaN; blanks what is not warm. */
static void run_rows(const pln_hub *hub, const node *n, node_state *state, const double *const *in,
                     int64_t first, int64_t last) {
  const double *x[PLN_IND_MAX_INPUTS] = {0};
  double *y[PLN_IND_MAX_OUTPUTS] = {0};
  for (int32_t i = 0; i < n->expr.n_args; i++) x[i] = in[i] + first;
  for (int32_t i = 0; i < n->n_outputs; i++) y[i] = hub->series[n->first_series + i].buffer + first;
  if (n->expr.valid || last - first < STEP_ROWS)
    step_rows(&n->expr, state + 1, x, y, last - first);
  else
    n->expr.desc->batch(state + 1, x, y, last - first);
  if (state->rows < n->lookback) {
    const int64_t cold = n->lookback - state->rows < last - first ? n->lookback - state->rows : last - first;
    for (int32_t i = 0; i < n->n_outputs; i++) fill_nan(y[i], 0, cold);
  }
  state->rows += last - first;
}

static int64_t next_row(const double *const *in, int32_t n_inputs, int64_t from, int64_t rows, int want_nan) {
  for (int64_t row = from; row < rows; row++) {
    int is_nan = 0;
    for (int32_t i = 0; i < n_inputs; i++) is_nan |= isnan(in[i][row]);
    if (is_nan == want_nan) return row;
  }
  return rows;
}

static void run_call(pln_hub *hub, const node *n, node_state *state, int64_t rows) {
  const double *in[PLN_IND_MAX_INPUTS] = {0};
  for (int32_t i = 0; i < n->expr.n_args; i++) in[i] = hub->series[n->expr.args[i].node].values;
  if (state->rows > 0 && !n->may_gap) {
    run_rows(hub, n, state, in, 0, rows);
    return;
  }
  /* Rows with a NaN input are not given to the kernel: it does not know that they exist. */
  for (int64_t row = 0; row < rows;) {
    const int64_t first = next_row(in, n->expr.n_args, row, rows, 0);
    for (int32_t i = 0; i < n->n_outputs; i++) fill_nan(hub->series[n->first_series + i].buffer, row, first);
    if (first == rows) break;
    row = n->may_gap ? next_row(in, n->expr.n_args, first, rows, 1) : rows;
    run_rows(hub, n, state, in, first, row);
  }
}

/* Each row gets the source's last value that is visible when the row is. */
static void run_join(const pln_hub *hub, const node *n, node_state *state) {
  const stream *to = &hub->streams[n->expr.stream], *from = &hub->streams[n->source];
  const double *values = hub->series[n->expr.args[0].node].values;
  double *out = hub->series[n->first_series].buffer;
  double carried = state->carried;
  int64_t row = to->first;
  for (int64_t i = from->first; i < from->last && row < to->last; i++) {
    const int64_t from_ns = visible(from->bars, i);
    for (; row < to->last && visible(to->bars, row) < from_ns; row++) out[row - to->first] = carried;
    carried = values[i - from->first];
  }
  for (; row < to->last; row++) out[row - to->first] = carried;
  if (from->last > from->first) state->carried = values[from->last - 1 - from->first];
}

static const double *column(const pln_bars *bars, int32_t index) {
  switch (index) {
  case 0:
    return bars->open;
  case 1:
    return bars->high;
  case 2:
    return bars->low;
  case 3:
    return bars->close;
  case 4:
    return bars->volume;
  default:
    return bars->extra[index - PLN_EXPR_COLUMNS];
  }
}

static double seconds(int64_t ns) {
  const int64_t whole = ns / NS_PER_S;
  return (double)whole + (double)(ns - whole * NS_PER_S) * 1e-9;
}

static double local_day(int64_t local_ns) { return floor(seconds(local_ns) / 86400.0); }

static void run_clock(const pln_hub *hub, const node *n) {
  const stream *s = &hub->streams[n->expr.stream];
  double *out = hub->series[n->first_series].buffer;
  pln_timezone_cursor cursor = {0};
  for (int64_t row = s->first; row < s->last; row++, out++) {
    const int64_t open_ns = s->bars->ts_ns[row];
    if (n->expr.column == PLN_EXPR_FIRST_CLOCK)
      *out = seconds(open_ns);
    else if (n->expr.column == PLN_EXPR_FIRST_CLOCK + 1)
      *out = seconds(pln_timezone_to_local_cursor(s->zone, open_ns, &cursor));
    else if (n->expr.column == PLN_EXPR_FIRST_CLOCK + 2)
      *out = seconds(pln_timezone_to_local_cursor(s->zone, visible(s->bars, row), &cursor));
    else
      *out = local_day(pln_timezone_to_local_cursor(s->zone, open_ns, &cursor));
  }
}

static void run_node(pln_hub *hub, const node *n) {
  if (n->expr.kind == PLN_EXPR_CONSTANT) return;
  const stream *s = &hub->streams[n->expr.stream];
  node_state *state = (node_state *)(void *)(hub->state + n->state_offset);
  if (is_clock(&n->expr))
    run_clock(hub, n);
  else if (n->expr.kind == PLN_EXPR_COLUMN)
    hub->series[n->first_series].values = column(s->bars, n->expr.column) + s->first;
  else if (n->expr.kind == PLN_EXPR_JOIN)
    run_join(hub, n, state);
  else if (s->last > s->first)
    run_call(hub, n, state, s->last - s->first);
}

int64_t pln_hub_horizon(const pln_hub *hub) {
  int64_t horizon = INT64_MAX, end = INT64_MIN;
  for (int32_t i = 0; i < hub->n_streams; i++) {
    const stream *s = &hub->streams[i];
    const int64_t left = s->bars->n_bars - s->last;
    if (left == 0) continue;
    const int64_t last = visible(s->bars, s->bars->n_bars - 1);
    if (last > end) end = last;
    if (left <= hub->chunk_rows) continue;
    const int64_t bound = visible(s->bars, s->last + hub->chunk_rows) - 1;
    if (bound < horizon) horizon = bound;
  }
  if (end == INT64_MIN) return INT64_MAX;
  return horizon < end ? horizon : end;
}

/* First row at or after `first`, at most `limit`, that is not visible at until_ns. */
static int64_t upper_bound(const pln_bars *bars, int64_t first, int64_t limit, int64_t until_ns) {
  if (first == limit || visible(bars, limit - 1) <= until_ns) return limit;
  int64_t low = first, high = limit - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (visible(bars, middle) <= until_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int64_t pln_hub_advance(pln_hub *hub, int64_t until_ns) {
  if (!hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: advance before seal");
  const int64_t horizon = pln_hub_horizon(hub);
  if (until_ns > horizon)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: advance to %lld is beyond the horizon, %lld",
                    (long long)until_ns, (long long)horizon);
  int64_t rows = 0;
  for (int32_t i = 0; i < hub->n_streams; i++) {
    stream *s = &hub->streams[i];
    const int64_t left = s->bars->n_bars - s->last;
    s->first = s->last;
    s->last = upper_bound(s->bars, s->first, s->first + (left < hub->chunk_rows ? left : hub->chunk_rows),
                          until_ns);
    rows += s->last - s->first;
  }
  if (rows > 0)
    for (int32_t i = 0; i < hub->n_nodes; i++) run_node(hub, &hub->nodes[i]);
  return rows;
}

static const stream *stream_at(const pln_hub *hub, int32_t id) {
  assert(id >= 0 && id < hub->n_streams && hub->streams);
  return &hub->streams[id];
}

static const feature *feature_at(const pln_hub *hub, int32_t id) {
  assert(id >= 0 && id < hub->n_features && hub->features);
  return &hub->features[id];
}

int64_t pln_hub_first_row(const pln_hub *hub, int32_t stream_id) { return stream_at(hub, stream_id)->first; }
int64_t pln_hub_last_row(const pln_hub *hub, int32_t stream_id) { return stream_at(hub, stream_id)->last; }
const double *pln_hub_column(const pln_hub *hub, int32_t feature_id) {
  return hub->series[feature_at(hub, feature_id)->series].values;
}
int64_t pln_hub_warmup(const pln_hub *hub, int32_t feature_id) { return feature_at(hub, feature_id)->warmup; }
int32_t pln_hub_nodes(const pln_hub *hub) { return hub->n_nodes; }

int64_t pln_hub_first_warm(const pln_hub *hub, int32_t stream_id, const int32_t *features, int32_t n,
                           int64_t from) {
  const stream *s = stream_at(hub, stream_id);
  for (int64_t row = from > s->first ? from : s->first; row < s->last; row++) {
    int warm = 1;
    for (int32_t i = 0; i < n && warm; i++) warm = !isnan(pln_hub_column(hub, features[i])[row - s->first]);
    if (warm) return row;
  }
  return s->last;
}

void pln_gather_row(const pln_gather *gather, int64_t row) {
  for (int64_t k = 0; k < gather->n; k++)
    memcpy((char *)gather->out + 8 * (int64_t)gather->places[k], (const char *)gather->columns[k] + 8 * row,
           8);
}

int32_t pln_feature_compute(const pln_bars *bars, const char *expression, double *out) {
  pln_hub *hub = pln_hub_new(4096);
  if (!hub) return PLN_ERR_MEMORY;
  int32_t status = pln_hub_add_stream(hub, bars);
  const int32_t id = status < 0 ? status : pln_hub_add_feature(hub, 0, expression);
  status = id < 0 ? id : pln_hub_seal(hub);
  for (int64_t horizon; status == 0 && (horizon = pln_hub_horizon(hub)) != INT64_MAX;) {
    const int64_t rows = pln_hub_advance(hub, horizon);
    if (rows < 0)
      status = (int32_t)rows;
    else
      memcpy(out + pln_hub_first_row(hub, 0), pln_hub_column(hub, id), (size_t)rows * sizeof(double));
  }
  pln_hub_free(hub);
  return status;
}
