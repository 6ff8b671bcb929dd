/* Clock, version, hash, pow. */
#include "abi/core.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static int64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t pln_clock_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t pln_clock_wall_ns(void) { return clock_ns(CLOCK_REALTIME); }

const char *pln_version(void) { return PLN_VERSION; }

const char *pln_build_info(void) {
  return
#if defined(__clang__)
      "clang " __clang_version__
#else
      "gcc " __VERSION__
#endif
#if defined(__SANITIZE_ADDRESS__)
      ", AddressSanitizer"
#endif
#if defined(__SANITIZE_THREAD__)
      ", ThreadSanitizer"
#endif
#if defined(__x86_64__)
      ", x86-64"
#elif defined(__aarch64__)
      ", arm64"
#endif
      ;
}

uint64_t pln_hash64(const void *data, int64_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, (size_t)size, seed);
}

void pln_hash128_hex(const void *data, int64_t size, char *out) {
  const XXH128_hash_t hash = XXH3_128bits(data, (size_t)size);
  snprintf(out, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

double pln_pow(double x, double y) { return pow(x, y); }
