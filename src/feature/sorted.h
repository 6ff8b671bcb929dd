#pragma once
#include "feature/ind.h"
#include <string.h>

/* The last n rows in the order of their size: any rank is read at once, and a row goes in where the oldest
 * goes out. Up to PLN_SORTED_CHUNK rows are a sorted array; more are a tiered vector (Goodrich and Kloss
 * 1999), full ring buffers of that size one after the other, so that a row costs one move within two of them
 * and one value for each between.
 *
 * Memory: the rows as they came, the sorted ones, and where each ring begins. Before n rows were seen, the
 * places that are missing hold +infinity. */
enum { PLN_SORTED_CHUNK = 512 };

typedef struct pln_sorted {
  int64_t n;
  int64_t slot;     /* of the oldest row */
  int64_t capacity; /* of the sorted rows: whole chunks */
  int64_t mask;     /* chunk size - 1 */
  int32_t shift;
  int32_t reserved;
} pln_sorted;

static inline int32_t pln_sorted_shift(int64_t n) {
  int32_t shift = 0;
  while (((int64_t)1 << shift) < n && ((int64_t)1 << shift) < PLN_SORTED_CHUNK) shift++;
  return shift;
}
static inline int64_t pln_sorted_capacity(int64_t n) {
  const int32_t shift = pln_sorted_shift(n);
  return ((n - 1) >> shift << shift) + ((int64_t)1 << shift);
}
static inline int64_t pln_sorted_doubles(int64_t n) {
  return n + pln_sorted_capacity(n) + (pln_sorted_capacity(n) >> pln_sorted_shift(n));
}

static inline void pln_sorted_init(pln_sorted *s, double *memory, int64_t n) {
  s->n = n;
  s->slot = 0;
  s->shift = pln_sorted_shift(n);
  s->mask = ((int64_t)1 << s->shift) - 1;
  s->capacity = pln_sorted_capacity(n);
  for (int64_t i = 0; i < n + s->capacity; i++) memory[i] = (double)INFINITY;
}

PLN_INLINE double *pln_sorted_chunk(const pln_sorted *s, double *memory, int64_t rank) {
  return memory + s->n + (rank & ~s->mask);
}
PLN_INLINE double *pln_sorted_head(const pln_sorted *s, double *memory, int64_t rank) {
  return memory + s->n + s->capacity + (rank >> s->shift);
}
/* Where in its chunk a rank lies. */
PLN_INLINE int64_t pln_sorted_place(const pln_sorted *s, double *memory, int64_t rank) {
  return (rank + (int64_t)*pln_sorted_head(s, memory, rank)) & s->mask;
}

/* The row of a rank, 0 (smallest) … n - 1. */
PLN_INLINE double pln_sorted_at(const pln_sorted *s, double *memory, int64_t rank) {
  return pln_sorted_chunk(s, memory, rank)[pln_sorted_place(s, memory, rank)];
}

/* The number of rows below x; with `equal`, of those at most x. */
static inline int64_t pln_sorted_below(const pln_sorted *s, double *memory, double x, int32_t equal) {
  int64_t from = 0, rest = s->n;
  while (rest > 0) {
    const int64_t half = rest / 2;
    const double y = pln_sorted_at(s, memory, from + half);
    const int32_t below = equal ? y <= x : y < x;
    from = below ? from + half + 1 : from;
    rest = below ? rest - half - 1 : half;
  }
  return from;
}

/* Moves `count` rows of a ring, those after place `to`, one place down. */
static inline void pln_sorted_down(double *chunk, int64_t mask, int64_t to, int64_t count) {
  while (count > 0) {
    const int64_t run = mask - to < count ? mask - to : count;
    memmove(chunk + to, chunk + to + 1, (size_t)run * sizeof *chunk);
    count -= run;
    to += run;
    if (count > 0) {
      chunk[mask] = chunk[0];
      to = 0;
      count--;
    }
  }
}

/* Moves `count` rows of a ring, those before place `to`, one place up. */
static inline void pln_sorted_up(double *chunk, int64_t mask, int64_t to, int64_t count) {
  while (count > 0) {
    const int64_t run = to < count ? to : count;
    memmove(chunk + to - run + 1, chunk + to - run, (size_t)run * sizeof *chunk);
    count -= run;
    to -= run;
    if (count > 0) {
      chunk[0] = chunk[mask];
      to = mask;
      count--;
    }
  }
}

/* Takes out the row of rank `from` and puts x where it will have rank `to`. */
static inline void pln_sorted_replace(const pln_sorted *s, double *memory, int64_t from, int64_t to,
                                      double x) {
  const int64_t mask = s->mask;
  double *chunk = pln_sorted_chunk(s, memory, from);
  const int64_t place = pln_sorted_place(s, memory, from);
  int64_t rank = from;
  if (to >> s->shift == from >> s->shift) {
    if (to > from)
      pln_sorted_down(chunk, mask, place, to - from);
    else
      pln_sorted_up(chunk, mask, place, from - to);
    pln_sorted_chunk(s, memory, to)[pln_sorted_place(s, memory, to)] = x;
    return;
  }
  if (to > from) { /* rows between go down by one rank */
    pln_sorted_down(chunk, mask, place, mask - (from & mask));
    for (rank |= mask; (rank >> s->shift) < (to >> s->shift); rank += mask + 1) {
      double *next = pln_sorted_chunk(s, memory, rank + 1), *head = pln_sorted_head(s, memory, rank + 1);
      pln_sorted_chunk(s, memory, rank)[pln_sorted_place(s, memory, rank)] = next[(int64_t)*head];
      if ((rank + 1) >> s->shift == to >> s->shift)
        pln_sorted_down(next, mask, (int64_t)*head, to - (rank + 1));
      else
        *head = (double)(((int64_t)*head + 1) & mask);
    }
  } else { /* up */
    pln_sorted_up(chunk, mask, place, from & mask);
    for (rank &= ~mask; (rank >> s->shift) > (to >> s->shift); rank -= mask + 1) {
      double *next = pln_sorted_chunk(s, memory, rank - 1), *head = pln_sorted_head(s, memory, rank - 1);
      const int64_t last = pln_sorted_place(s, memory, rank - 1);
      pln_sorted_chunk(s, memory, rank)[pln_sorted_place(s, memory, rank)] = next[last];
      if ((rank - 1) >> s->shift == to >> s->shift)
        pln_sorted_up(next, mask, last, (rank - 1) - to);
      else
        *head = (double)(((int64_t)*head - 1) & mask);
    }
  }
  pln_sorted_chunk(s, memory, to)[pln_sorted_place(s, memory, to)] = x;
}

/* Adds a row; the oldest of n goes. */
static inline void pln_sorted_push(pln_sorted *s, double *memory, double x) {
  const double old = memory[s->slot];
  memory[s->slot] = x;
  if (++s->slot == s->n) s->slot = 0;
  const int64_t from = pln_sorted_below(s, memory, old, 0);
  int64_t to = pln_sorted_below(s, memory, x, 0);
  if (to > from) to--;
  pln_sorted_replace(s, memory, from, to, x);
}

/* The value at a place between ranks, counted from 0, by a straight line. */
static inline double pln_sorted_between(const pln_sorted *s, double *memory, double place) {
  const int64_t rank = (int64_t)place;
  const double lower = pln_sorted_at(s, memory, rank), part = place - (double)rank;
  if (part == 0.0 || rank + 1 >= s->n) return lower;
  return lower + (pln_sorted_at(s, memory, rank + 1) - lower) * part;
}
