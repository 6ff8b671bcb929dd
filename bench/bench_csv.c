/* Loading text for the first time, everything included (detection, parsing, quality pass, hash), and from a
 * column file, beside the plain loops that one would write by hand. Without arguments a million bars of the
 * synthetic market, with times in ISO 8601 and in epoch milliseconds; or the files that are named: those that
 * begin with a number are read as time,open,close,high,low,volume.
 *
 *   build/bench/bench_csv [FILE.csv…] */
#include "abi/column.h"
#include "abi/core.h"
#include "abi/csv.h"
#include "abi/synth.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { N = 1000000, REPEATS = 5 };

static double cpu_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, pln_error_last()->text);
  exit(1);
}

static void row(const char *name, const char *job, double seconds, double wall, double bytes, double rows) {
  printf("%-24.24s %-34s %8.1f %8.1f %9.0f %8.1f\n", name, job, seconds * 1e3, wall * 1e3,
         bytes / seconds / 1e6, seconds / rows * 1e9);
}

typedef struct timing {
  double cpu, wall;
} timing;

/* The fastest of some runs, by processor time. */
#define BEST(statement, result)                                                                              \
  do {                                                                                                       \
    (result) = (timing){1e300, 1e300};                                                                       \
    for (int repeat_ = 0; repeat_ < REPEATS; repeat_++) {                                                    \
      const double cpu_ = cpu_s();                                                                           \
      const int64_t wall_ = pln_clock_monotonic_ns();                                                        \
      statement;                                                                                             \
      const double took_ = cpu_s() - cpu_;                                                                   \
      if (took_ < (result).cpu)                                                                              \
        (result) = (timing){took_, (double)(pln_clock_monotonic_ns() - wall_) * 1e-9};                       \
    }                                                                                                        \
  } while (0)

static int64_t count_lines(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  static char block[1 << 20];
  int64_t lines = 0;
  for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
    for (const char *p = block; (p = memchr(p, '\n', (size_t)(block + n - p))); p++) lines++;
  fclose(file);
  return lines;
}

/* What one would write by hand: getline and strtod, times left alone. */
static double read_by_hand(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  char *line = NULL;
  size_t size = 0;
  double sum = 0;
  while (getline(&line, &size, file) > 0) {
    char *p = strchr(line, ',');
    for (int i = 0; p && i < 5; i++) sum += strtod(p + 1, &p);
  }
  free(line);
  fclose(file);
  return sum;
}

static pln_bars *load(const char *path, const pln_csv_options *options) {
  pln_bars *bars = pln_csv_load(&path, 1, options, NULL);
  if (!bars) die(path);
  return bars;
}

static void measure(const char *path) {
  static const char *const bitfinex[] = {"time", "open", "close", "high", "low", "volume"};
  pln_csv_options options;
  pln_csv_options_init(&options);
  FILE *file = fopen(path, "rb");
  const int first = file ? getc(file) : EOF;
  if (file) fclose(file);
  struct stat status;
  if (first == EOF || stat(path, &status)) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  if (isdigit(first)) {
    options.columns = bitfinex;
    options.n_columns = 6;
  }
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  const double bytes = (double)status.st_size;
  pln_bars *bars = load(path, &options);
  const double rows = (double)bars->n_bars;
  timing t;
  static volatile double sink; /* keeps the work */
  BEST(sink += (double)count_lines(path), t);
  row(name, "plain: lines counted", t.cpu, t.wall, bytes, rows);
  BEST(sink += read_by_hand(path), t);
  row(name, "plain: getline and strtod", t.cpu, t.wall, bytes, rows);
  BEST(pln_bars_free(load(path, &options)), t);
  row(name, "perilune: first load", t.cpu, t.wall, bytes, rows);
  char cache[4096];
  snprintf(cache, sizeof cache, "%s.bench.plc", path);
  BEST(if (pln_column_write(cache, bars, "bench", NULL)) die(cache), t);
  row(name, "perilune: column file written", t.cpu, t.wall, bytes, rows);
  BEST(
      {
        pln_bars *mapped = pln_column_open(cache);
        if (!mapped) die(cache);
        pln_bars_free(mapped);
      },
      t);
  row(name, "perilune: from the column file", t.cpu, t.wall, bytes, rows);
  unlink(cache);
  pln_bars_free(bars);
}

static void write_epoch(const pln_bars *bars, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) die(path);
  for (int64_t i = 0; i < bars->n_bars; i++)
    fprintf(file, "%lld,%.2f,%.2f,%.2f,%.2f,%.8f\n", (long long)(bars->ts_ns[i] / 1000000), bars->open[i],
            bars->close[i], bars->high[i], bars->low[i], bars->volume[i] / 97);
  fclose(file);
}

int main(int argc, char **argv) {
  printf("%-24s %-34s %8s %8s %9s %8s\n", "file", "job", "CPU ms", "wall ms", "MB/s CPU", "ns/row");
  for (int i = 1; i < argc; i++) measure(argv[i]);
  if (argc > 1) return 0;
  char folder[] = "/tmp/bench_csv_XXXXXX", iso[64], epoch[64];
  if (!mkdtemp(folder)) die(folder);
  snprintf(iso, sizeof iso, "%s/iso.csv", folder);
  snprintf(epoch, sizeof epoch, "%s/epoch_ms.csv", folder);
  pln_synth_options options;
  pln_synth_options_init(&options);
  options.symbol = "SYN";
  options.n_bars = N;
  pln_bars *bars = pln_synth_bars(&options);
  if (!bars || pln_bars_write_csv(bars, iso)) die(iso);
  write_epoch(bars, epoch);
  pln_bars_free(bars);
  measure(iso);
  measure(epoch);
  unlink(iso);
  unlink(epoch);
  rmdir(folder);
  return 0;
}
