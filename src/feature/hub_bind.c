#include "feature/hub.h"
#include "core/error.h"

#include <assert.h>

/* The place of a series among the units' outputs, or -1: it has no buffer of a unit, or is bound already. */
static int32_t place_of(const pln_hub *hub, int32_t series) {
  for (int32_t i = 0; i < hub->n_bound; i++)
    if (hub->bound[i].series == series) return -1;
  for (int32_t i = 0; i < hub->n_columns; i++)
    if (hub->columns[i] == hub->series[series].buffer) return i;
  return -1;
}

int32_t pln_hub_bind(pln_hub *hub, int32_t feature, double *column) {
  assert(feature >= 0 && feature < hub->n_features);
  if (pln_hub_check_idle(hub, "bind") < 0) return PLN_ERR_STATE;
  const pln_hub_feature *f = &hub->features[feature];
  if (hub->streams[f->stream].last > 0)
    return pln_fail(PLN_ERR_STATE, "feature hub: a feature cannot be bound after the first advance");
  if (!PLN_HUB_GROW(hub, bound, cap_bound, hub->n_bound + 1)) return PLN_ERR_MEMORY;
  const int32_t place = place_of(hub, f->series);
  hub->bound[hub->n_bound++] = (pln_hub_bound){column, f->series, f->stream, place};
  return PLN_OK;
}

void pln_hub_place_bound(pln_hub *hub) {
  for (int32_t i = 0; i < hub->n_bound; i++) {
    const pln_hub_bound *b = &hub->bound[i];
    if (b->place < 0) continue;
    pln_hub_series *s = &hub->series[b->series];
    s->values = s->buffer = hub->columns[b->place] = b->column + hub->streams[b->stream].first;
  }
}

void pln_hub_copy_bound(pln_hub *hub) {
  for (int32_t i = 0; i < hub->n_bound; i++) {
    const pln_hub_bound *b = &hub->bound[i];
    const pln_hub_stream *s = &hub->streams[b->stream];
    if (b->place < 0 && s->last > s->first)
      memcpy(b->column + s->first, hub->series[b->series].values,
             (size_t)(s->last - s->first) * sizeof(double));
  }
}
