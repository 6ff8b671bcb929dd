#pragma once
#include "feature/ind.h"

/* Wilder's parabolic stop and reverse (New Concepts in Technical Trading Systems, 1978), for sar and
 * sar_extended. Each side has its own acceleration: at first, by how much more with each new extreme, at
 * most. */
enum pln_sar_start {
  PLN_SAR_TALIB =
      0, /* short if the low fell by more than the high rose, else long; touching the stop turns */
  PLN_SAR_TULIP = 1, /* long unless the middle of the bar fell; going beyond the stop turns */
  PLN_SAR_RISING = 2 /* long, as Stock.Indicators; going beyond the stop turns */
};

typedef struct pln_sar_side {
  double first;
  double step;
  double most;
} pln_sar_side;

typedef struct pln_sar {
  pln_sar_side up;
  pln_sar_side down;
  double start;  /* stop of the first position, its sign the direction; 0: as the kind says */
  double offset; /* share by which the stop is set back when it turns */
  double high;   /* of the row before */
  double low;
  double stop; /* of the next row */
  double extreme;
  double speed;
  int32_t direction; /* 1 long, -1 short */
  int32_t rows;      /* seen, at most 2 */
  int32_t kind;
  int32_t reserved;
} pln_sar;

static inline void pln_sar_init(pln_sar *s, pln_sar_side up, pln_sar_side down, int32_t kind) {
  s->up = up;
  s->down = down;
  s->kind = kind;
  pln_sar_side *sides[] = {&s->up, &s->down};
  for (int32_t i = 0; i < 2; i++) {
    if (sides[i]->first > sides[i]->most) sides[i]->first = sides[i]->most;
    if (sides[i]->step > sides[i]->most) sides[i]->step = sides[i]->most;
  }
}

/* The second row: the first position. */
static inline void pln_sar_begin(pln_sar *s, double high, double low) {
  const double rise = high - s->high, fall = s->low - low;
  int32_t is_long = s->kind == PLN_SAR_RISING ||
                    (s->kind == PLN_SAR_TULIP && s->high + s->low <= high + low) ||
                    (s->kind == PLN_SAR_TALIB && !(fall > 0.0 && fall > rise));
  if (s->start != 0.0) is_long = s->start > 0.0;
  s->direction = is_long ? 1 : -1;
  s->speed = is_long ? s->up.first : s->down.first;
  if (s->start != 0.0) {
    s->stop = fabs(s->start);
    s->extreme = is_long ? high : low;
    s->high = high;
    s->low = low;
  } else if (s->kind == PLN_SAR_TALIB) {
    s->stop = is_long ? s->low : s->high;
    s->extreme = is_long ? high : low;
    s->high = high;
    s->low = low;
  } else {
    s->stop = is_long ? s->low : s->high;
    s->extreme = is_long ? s->high : s->low;
    s->stop += s->speed * (s->extreme - s->stop);
    if (is_long ? s->stop > s->low : s->stop < s->high) s->stop = is_long ? s->low : s->high;
  }
}

/* A row after the second, of a long position (up: 1) or a short one (0); `up` must be a constant. *turned:
 * the position did. */
PLN_INLINE double pln_sar_go(pln_sar *s, int32_t up, double high, double low, int32_t *turned) {
  const int32_t touching = s->kind == PLN_SAR_TALIB;
  const double highest = s->high > high ? s->high : high, lowest = s->low < low ? s->low : low;
  const double near = up ? low : high,
               far = up ? high : low; /* ends of the row that face the stop, the extreme */
  double stop = s->stop, next;
  const int32_t is_new = up ? far > s->extreme : far < s->extreme;
  *turned = (up ? near < stop : near > stop) || (touching && near == stop);
  if (*turned) {
    const double edge = up ? highest : lowest; /* which the stop must not lie inside of */
    stop = s->kind == PLN_SAR_TULIP && is_new ? far : s->extreme;
    if (touching && (up ? stop < edge : stop > edge)) stop = edge;
    stop += up ? stop * s->offset : -(stop * s->offset);
    s->direction = up ? -1 : 1;
    s->speed = up ? s->down.first : s->up.first;
    s->extreme = near;
    next = stop + s->speed * (s->extreme - stop);
    if (up ? next < edge : next > edge) next = edge;
  } else {
    const double edge = up ? lowest : highest;
    const pln_sar_side *side = up ? &s->up : &s->down;
    const double faster = s->speed + side->step, capped = faster > side->most ? side->most : faster;
    s->speed = is_new ? capped : s->speed;
    s->extreme = is_new ? far : s->extreme;
    next = stop + s->speed * (s->extreme - stop);
    if (up ? next > edge : next < edge) next = edge;
  }
  s->high = high;
  s->low = low;
  s->stop = next;
  return stop;
}

/* One row; the result, and s->direction, mean something from the second on. */
PLN_INLINE double pln_sar_step(pln_sar *s, double high, double low, int32_t *turned) {
  *turned = 0;
  if (s->rows < 2) {
    if (++s->rows == 1) {
      s->high = high;
      s->low = low;
      return 0.0;
    }
    pln_sar_begin(s, high, low);
  }
  return s->direction > 0 ? pln_sar_go(s, 1, high, low, turned) : pln_sar_go(s, 0, high, low, turned);
}

/* n rows, the same bits as n steps; stop and direction, and whether it turned. */
PLN_INLINE void pln_sar_rows(pln_sar *state, const double *high, const double *low, double *stop,
                             double *direction, double *reversal, int64_t n) {
  int64_t i = 0;
  for (; i < n && state->rows < 2; i++) {
    int32_t turned;
    stop[i] = pln_sar_step(state, high[i], low[i], &turned);
    direction[i] = state->direction;
    reversal[i] = turned;
  }
  pln_sar s = *state;
  while (i < n) {
    int32_t turned = 0;
    if (s.direction > 0)
      for (; i < n && !turned; i++) {
        stop[i] = pln_sar_go(&s, 1, high[i], low[i], &turned);
        direction[i] = turned ? -1.0 : 1.0;
        reversal[i] = turned;
      }
    else
      for (; i < n && !turned; i++) {
        stop[i] = pln_sar_go(&s, 0, high[i], low[i], &turned);
        direction[i] = turned ? 1.0 : -1.0;
        reversal[i] = turned;
      }
  }
  *state = s;
}
