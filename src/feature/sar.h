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

/* One row; the result, and s->direction, mean something from the second on. *turned: the position did. */
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
  const int32_t touching = s->kind == PLN_SAR_TALIB;
  double stop = s->stop, next;
  if (s->direction > 0) {
    const double highest = s->high > high ? s->high : high;
    if (low < stop || (touching && low == stop)) {
      stop = s->kind == PLN_SAR_TULIP && high > s->extreme ? high : s->extreme;
      if (touching && stop < highest) stop = highest;
      stop += stop * s->offset;
      *turned = 1;
      s->direction = -1;
      s->speed = s->down.first;
      s->extreme = low;
      next = stop + s->speed * (s->extreme - stop);
      if (next < highest) next = highest;
    } else {
      const double lowest = s->low < low ? s->low : low;
      if (high > s->extreme) {
        s->extreme = high;
        s->speed += s->up.step;
        if (s->speed > s->up.most) s->speed = s->up.most;
      }
      next = stop + s->speed * (s->extreme - stop);
      if (next > lowest) next = lowest;
    }
  } else {
    const double lowest = s->low < low ? s->low : low;
    if (high > stop || (touching && high == stop)) {
      stop = s->kind == PLN_SAR_TULIP && low < s->extreme ? low : s->extreme;
      if (touching && stop > lowest) stop = lowest;
      stop -= stop * s->offset;
      *turned = 1;
      s->direction = 1;
      s->speed = s->up.first;
      s->extreme = high;
      next = stop + s->speed * (s->extreme - stop);
      if (next > lowest) next = lowest;
    } else {
      const double highest = s->high > high ? s->high : high;
      if (low < s->extreme) {
        s->extreme = low;
        s->speed += s->down.step;
        if (s->speed > s->down.most) s->speed = s->down.most;
      }
      next = stop + s->speed * (s->extreme - stop);
      if (next < highest) next = highest;
    }
  }
  s->high = high;
  s->low = low;
  s->stop = next;
  return stop;
}
