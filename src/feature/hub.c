#include "feature/hub.h"
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CHUNK_ROWS = 65536, MAX_STREAMS = 4096, MAX_THREADS = 64 };

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
  hub->n_threads = 1;
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
  pln_pool_free(hub->pool);
  free(hub->units);
  free(hub->order);
  free(hub->batches);
  free(hub->members);
  free(hub->column_nodes);
  free(hub->columns);
  free(hub->at);
  free(hub->peek.values);
  free(hub->peek.step_values);
  free(hub->peek.state);
  free(hub->state);
  free(hub->buffers);
  free(hub->bound);
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

int32_t pln_hub_set_threads(pln_hub *hub, int32_t n) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: the number of threads is set after seal");
  if (n < 1 || n > MAX_THREADS)
    return pln_fail(PLN_ERR_RANGE, "feature hub: %d threads are out of range 1…%d", (int)n, (int)MAX_THREADS);
  hub->n_threads = n;
  return PLN_OK;
}

int32_t pln_hub_seal(pln_hub *hub) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: sealed twice");
  for (int32_t i = 0; i < hub->n_calls; i++)
    if (!hub->calls[i].answered)
      return pln_fail(PLN_ERR_STATE, "indicator %s: its lookback was not told (pln_hub_answer_call)",
                      hub->definitions[hub->calls[i].definition]->info.name);
  hub->sealed = hub->failed = 1;
  if (pln_hub_plan(hub) < 0) return PLN_ERR_MEMORY;
  if (hub->n_threads > 1 && !(hub->pool = pln_pool_new(hub->n_threads, pln_hub_run_part, hub)))
    return PLN_ERR_LIMIT;
  hub->failed = 0;
  return PLN_OK;
}

int32_t pln_hub_check_idle(const pln_hub *hub, const char *what) {
  if (!hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: %s before seal", what);
  if (hub->failed) return pln_fail(PLN_ERR_STATE, "feature hub: %s after a failure", what);
  if (hub->cursor.is_pending)
    return pln_fail(PLN_ERR_STATE, "feature hub: %s while a request waits for its answer", what);
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
int32_t pln_hub_features(const pln_hub *hub) { return hub->n_features; }
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
  if (status == 0) status = pln_hub_bind(hub, id, out);
  for (int64_t horizon; status == 0 && (horizon = pln_hub_horizon(hub)) != INT64_MAX;) {
    const int64_t rows = pln_hub_advance(hub, horizon);
    if (rows < 0) status = (int32_t)rows;
  }
  pln_hub_free(hub);
  return status;
}
