#pragma once
#include <stdint.h>
/* Random numbers that are the same everywhere for a seed. Blackman, Vigna: "Scrambled Linear Pseudorandom
 * Number Generators", ACM TOMS 47 (2021): xoshiro256++, seeded by splitmix64 as its authors advise
 * (https://prng.di.unimi.it). */
typedef struct pln_random {
  uint64_t s[4];
} pln_random;

static inline uint64_t pln_random_splitmix64(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline void pln_random_seed(pln_random *r, uint64_t seed, uint64_t stream) {
  uint64_t state = seed;
  state = pln_random_splitmix64(&state) + stream * 0xd1342543de82ef95u;
  for (int i = 0; i < 4; i++) r->s[i] = pln_random_splitmix64(&state);
}

static inline uint64_t pln_random_rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t pln_random_next(pln_random *r) {
  uint64_t *s = r->s;
  const uint64_t result = pln_random_rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = pln_random_rotate(s[3], 45);
  return result;
}

/* In [0, 1), of 53 bits. */
static inline double pln_random_uniform(pln_random *r) {
  return (double)(int64_t)(pln_random_next(r) >> 11) * (1.0 / 9007199254740992.0);
}
