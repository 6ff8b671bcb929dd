#include "feature/hub.h"
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CHUNK_ROWS = 65536, MAX_STREAMS = 4096, ALIGNMENT = 64 };

int pln_hub_grow(void **array, int32_t *capacity, int32_t needed, size_t size) {
  if (needed <= *capacity) return 1;
  const int32_t larger = needed > *capacity * 2 ? needed + 8 : *capacity * 2;
  void *moved = realloc(*array, (size_t)larger * size);
  if (!moved) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory"), 0;
  *array = moved;
  *capacity = larger;
  return 1;
}

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
  for (int32_t i = 0; i < hub->n_definitions; i++) free(hub->definitions[i]);
  free(hub->definitions);
  free(hub->calls);
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

int32_t pln_hub_add_stream(pln_hub *hub, const pln_bars *bars) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: a stream cannot be added after seal");
  if (hub->n_streams == MAX_STREAMS)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: more than %d streams", (int)MAX_STREAMS);
  if (!PLN_HUB_GROW(hub, streams, cap_streams, hub->n_streams + 1)) return PLN_ERR_MEMORY;
  pln_hub_stream *s = &hub->streams[hub->n_streams];
  *s = (pln_hub_stream){.bars = bars, .zone = pln_timezone_get(bars->timezone ? bars->timezone : "UTC")};
  if (!s->zone) return PLN_ERR_ARGUMENT;
  char timeframe[16];
  pln_timeframe_format(&bars->timeframe, timeframe);
  if (snprintf(s->name, sizeof s->name, "%s_%s", bars->symbol ? bars->symbol : "", timeframe) >=
      PLN_HUB_STREAM_NAME)
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

static int64_t aligned(int64_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static void init_nodes(pln_hub *hub) {
  const int64_t stride = aligned(hub->chunk_rows * (int64_t)sizeof(double)) / (int64_t)sizeof(double);
  int64_t used = 0;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    pln_hub_node *n = &hub->nodes[i];
    pln_hub_state *state = pln_hub_state_of(hub, n);
    state->carried = (double)NAN;
    if (n->state_size > 0 && n->expr.desc->init) n->expr.desc->init(state + 1, n->expr.params);
    if (!pln_hub_has_buffer(&n->expr)) continue;
    for (int32_t k = 0; k < n->n_outputs; k++) {
      pln_hub_series *s = &hub->series[n->first_series + k];
      s->values = s->buffer = hub->buffers + used;
      used += stride;
      if (n->expr.kind == PLN_EXPR_CONSTANT)
        for (int32_t row = 0; row < hub->chunk_rows; row++) s->buffer[row] = n->expr.value;
    }
  }
}

int32_t pln_hub_seal(pln_hub *hub) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: sealed twice");
  for (int32_t i = 0; i < hub->n_calls; i++)
    if (!hub->calls[i].answered)
      return pln_fail(PLN_ERR_STATE, "indicator %s: its lookback was not told (pln_hub_answer_call)",
                      hub->definitions[hub->calls[i].definition]->info.name);
  /* Inputs were made before what uses them, so the order of making is a topological order. */
  int64_t state_size = ALIGNMENT, n_buffers = 0;
  for (int32_t i = 0; i < hub->n_nodes; i++) {
    pln_hub_node *n = &hub->nodes[i];
    n->state_offset = state_size;
    state_size += aligned((int64_t)sizeof(pln_hub_state) + n->state_size);
    if (pln_hub_has_buffer(&n->expr)) n_buffers += n->n_outputs;
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

static const pln_hub_stream *stream_at(const pln_hub *hub, int32_t id) {
  assert(id >= 0 && id < hub->n_streams && hub->streams);
  return &hub->streams[id];
}

static const pln_hub_feature *feature_at(const pln_hub *hub, int32_t id) {
  assert(id >= 0 && id < hub->n_features && hub->features);
  return &hub->features[id];
}

int64_t pln_hub_first_row(const pln_hub *hub, int32_t stream_id) { return stream_at(hub, stream_id)->first; }
int64_t pln_hub_last_row(const pln_hub *hub, int32_t stream_id) { return stream_at(hub, stream_id)->last; }
const double *pln_hub_column(const pln_hub *hub, int32_t feature_id) {
  return hub->series[feature_at(hub, feature_id)->series].values;
}
int64_t pln_hub_warmup(const pln_hub *hub, int32_t feature_id) {
  return pln_hub_node_of(hub, feature_at(hub, feature_id)->series)->warmup;
}
int32_t pln_hub_nodes(const pln_hub *hub) { return hub->n_nodes; }

int64_t pln_hub_first_warm(const pln_hub *hub, int32_t stream_id, const int32_t *features, int32_t n,
                           int64_t from) {
  const pln_hub_stream *s = stream_at(hub, stream_id);
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
