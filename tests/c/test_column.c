#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/time.h"
#include "core/error.h"
#include "data/bars_build.h"
#include "data/column_format.h"
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256];
static char path[300];

static int make_folder(void **state) {
  (void)state;
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/pln-column-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/x.plc", folder);
  return 0;
}

/* Number of files in the folder; removes them where asked. */
static int files(int clear) {
  DIR *dir = opendir(folder);
  int n = 0;
  for (struct dirent *e; (e = readdir(dir));) {
    char name[600];
    if (e->d_name[0] == '.') continue;
    snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
    if (clear) unlink(name);
    n++;
  }
  closedir(dir);
  return n;
}

static int clear_folder(void **state) {
  (void)state;
  files(1);
  return 0;
}

static int remove_folder(void **state) {
  clear_folder(state);
  return rmdir(folder);
}

static pln_bars *sample(int64_t n, const char *timeframe, int64_t step, int32_t n_extra) {
  const char *const names[] = {"bid", "ask"};
  pln_bars_build build;
  assert_int_equal(pln_bars_build_init(&build, n_extra, names), 0);
  assert_int_equal(pln_bars_build_reserve(&build, n + 1), 0);
  for (int64_t i = 0; i < n; i++) {
    build.ts_ns[i] = 1420070400000000000 + i * step;
    build.open[i] = 100 + (double)(i % 17);
    build.high[i] = build.open[i] + 2;
    build.low[i] = build.open[i] - 2;
    build.close[i] = build.open[i] + 1;
    build.volume[i] = (double)(i % 5);
    for (int32_t c = 0; c < n_extra; c++) build.extra[c][i] = i % 3 ? (double)i : NAN;
  }
  build.n_bars = n;
  build.has_volume = 1;
  build.symbol = "SPY";
  build.source = "spy.csv";
  build.timezone = "UTC";
  assert_int_equal(pln_timeframe_parse(timeframe, &build.timeframe), 0);
  pln_bars *bars = pln_bars_build_finish(&build);
  assert_non_null(bars);
  return bars;
}

static void assert_same(const pln_bars *a, const pln_bars *b) {
  assert_int_equal(a->n_bars, b->n_bars);
  const size_t size = (size_t)a->n_bars * 8;
  assert_memory_equal(a->ts_ns, b->ts_ns, size);
  assert_memory_equal(a->open, b->open, size);
  assert_memory_equal(a->high, b->high, size);
  assert_memory_equal(a->low, b->low, size);
  assert_memory_equal(a->close, b->close, size);
  assert_memory_equal(a->volume, b->volume, size);
  assert_int_equal(a->visible_ns != NULL, b->visible_ns != NULL);
  if (a->visible_ns) assert_memory_equal(a->visible_ns, b->visible_ns, size);
  assert_int_equal(a->n_extra, b->n_extra);
  for (int32_t i = 0; i < a->n_extra; i++) {
    assert_string_equal(a->extra_names[i], b->extra_names[i]);
    assert_memory_equal(a->extra[i], b->extra[i], size);
  }
  assert_int_equal(a->has_volume, b->has_volume);
  assert_memory_equal(&a->timeframe, &b->timeframe, sizeof a->timeframe);
  assert_string_equal(a->symbol, b->symbol);
  assert_string_equal(a->timezone, b->timezone);
  assert_true(a->content_hash == b->content_hash);
}

static void what_is_written_is_read(void **state) {
  (void)state;
  static const int64_t counts[] = {0, 1, 2, 8192, 20001};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    for (int32_t n_extra = 0; n_extra <= 2; n_extra++)
      for (int daily = 0; daily < 2; daily++) {
        pln_bars *bars =
            sample(counts[i], daily ? "1d" : "1m", daily ? 86400000000000 : 60000000000, n_extra);
        assert_int_equal(pln_column_write(path, bars, "made from spy.csv", "note"), 0);
        assert_int_equal(files(0), 1);
        pln_bars *back = pln_column_open(path);
        if (!back) fail_msg("%s", pln_error_last()->text);
        assert_same(bars, back);
        for (const void *column = back->open; column; column = NULL)
          assert_int_equal((uintptr_t)column % 64, 0);
        assert_string_equal(pln_column_origin(back), "made from spy.csv");
        assert_string_equal(pln_column_metadata(back), "note");
        assert_string_equal(pln_column_origin(bars), "");
        char origin[64];
        assert_int_equal(pln_column_read_origin(path, origin, sizeof origin), 0);
        assert_string_equal(origin, "made from spy.csv");
        assert_int_equal(pln_column_read_origin(path, origin, 5), PLN_ERR_LIMIT);
        pln_bars_free(back);
        pln_bars_free(bars);
      }
}

static pln_column_chunk chunk_of(const pln_bars *bars, int64_t first, int64_t n, const double **extra) {
  for (int32_t i = 0; i < bars->n_extra; i++) extra[i] = bars->extra[i] + first;
  return (pln_column_chunk){.n_bars = n,
                            .ts_ns = bars->ts_ns + first,
                            .open = bars->open + first,
                            .high = bars->high + first,
                            .low = bars->low + first,
                            .close = bars->close + first,
                            .volume = bars->volume + first,
                            .extra = extra};
}

static void pieces_make_the_same_file(void **state) {
  (void)state;
  for (int daily = 0; daily < 2; daily++) {
    pln_bars *bars = sample(10007, daily ? "1d" : "1m", daily ? 86400000000000 : 60000000000, 2);
    static const int64_t bounds[] = {10007, 50000, -1};
    static const int64_t sizes[] = {1000, 10007, 3};
    for (size_t b = 0; b < 3; b++)
      for (size_t s = 0; s < 3; s++)
        for (int named = 0; named < 2; named++) {
          const pln_column_spec spec = {.symbol = "SPY",
                                        .source = "spy.csv",
                                        .extra_names = bars->extra_names,
                                        .n_extra = 2,
                                        .has_volume = 1,
                                        .max_bars = bounds[b],
                                        .timeframe = bars->timeframe};
          pln_column_writer *w = pln_column_writer_new(named ? path : NULL, &spec);
          assert_non_null(w);
          const double *extra[2];
          for (int64_t i = 0; i < 10007; i += sizes[s]) {
            const pln_column_chunk chunk =
                chunk_of(bars, i, sizes[s] < 10007 - i ? sizes[s] : 10007 - i, extra);
            assert_int_equal(pln_column_writer_append(w, &chunk), 0);
          }
          pln_bars *back = pln_column_writer_finish_bars(w);
          if (!back) fail_msg("%s", pln_error_last()->text);
          assert_same(bars, back);
          pln_bars_free(back);
          if (named) {
            back = pln_column_open(path);
            if (!back) fail_msg("%s", pln_error_last()->text);
            assert_same(bars, back);
            pln_bars_free(back);
          }
        }
    pln_bars_free(bars);
  }
}

static void a_failed_or_abandoned_writer_leaves_nothing(void **state) {
  (void)state;
  pln_bars *bars = sample(100, "1m", 60000000000, 0);
  const pln_column_spec spec = {
      .symbol = "SPY", .has_volume = 1, .max_bars = 150, .timeframe = bars->timeframe};
  pln_column_writer *w = pln_column_writer_new(path, &spec);
  const pln_column_chunk chunk = chunk_of(bars, 0, 100, NULL);
  assert_int_equal(pln_column_writer_append(w, &chunk), 0);
  assert_int_equal(pln_column_writer_append(w, &chunk), PLN_ERR_LIMIT);
  assert_int_equal(pln_column_writer_finish(w), PLN_ERR_LIMIT);
  assert_int_equal(files(0), 0);
  const pln_column_spec unbounded = {
      .symbol = "SPY", .has_volume = 1, .max_bars = -1, .timeframe = bars->timeframe};
  w = pln_column_writer_new(path, &unbounded);
  assert_int_equal(pln_column_writer_append(w, &chunk), 0);
  assert_int_equal(pln_column_writer_append(w, &chunk), PLN_ERR_RANGE); /* goes back in time */
  pln_column_writer_free(w);
  assert_int_equal(files(0), 0);
  pln_bars_free(bars);
  pln_column_writer_free(NULL);
}

static void impossible_paths_are_errors(void **state) {
  (void)state;
  pln_bars *bars = sample(10, "1m", 60000000000, 0);
  assert_int_equal(pln_column_write("/nonexistent-folder/x.plc", bars, NULL, NULL), PLN_ERR_IO);
  assert_null(pln_column_open("/nonexistent-folder/x.plc"));
  assert_int_equal(pln_error_last()->code, PLN_ERR_NOT_FOUND);
  assert_null(pln_column_open(folder));
  assert_int_equal(pln_error_last()->code, PLN_ERR_FORMAT);
  assert_int_equal(mkdir(path, 0700), 0); /* rename onto a folder */
  assert_int_equal(pln_column_write(path, bars, NULL, NULL), PLN_ERR_IO);
  rmdir(path);
  assert_int_equal(mkfifo(path, 0700), 0); /* a rename would replace it */
  assert_int_equal(pln_column_write(path, bars, NULL, NULL), PLN_ERR_IO);
  struct stat there;
  assert_int_equal(stat(path, &there), 0);
  assert_true(S_ISFIFO(there.st_mode));
  unlink(path);
  assert_int_equal(files(0), 0);
  assert_int_equal(pln_column_write(path, bars, NULL, NULL), 0);
  chmod(path, 0);
  chmod(folder, 0555);
  const uid_t user = geteuid();
  if (user == 0) assert_int_equal(seteuid(65534), 0); /* permissions do not bind root */
  pln_bars *opened = pln_column_open(path);
  const int32_t open_code = pln_error_last()->code, write_code = pln_column_write(path, bars, NULL, NULL);
  if (user == 0) assert_int_equal(seteuid(0), 0);
  chmod(folder, 0700);
  assert_null(opened);
  assert_int_equal(open_code, PLN_ERR_IO);
  assert_int_equal(write_code, PLN_ERR_IO);
  assert_int_equal(files(0), 1);
  pln_bars_free(bars);
}

static char *read_all(size_t *size) {
  FILE *file = fopen(path, "rb");
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

static pln_bars *open_bytes(const char *bytes, size_t size) {
  const int fd = memfd_create("x", MFD_CLOEXEC);
  assert_int_equal(write(fd, bytes, size), size);
  pln_bars *bars = pln_column_open_fd(fd, "x.plc", 1);
  close(fd);
  return bars;
}

static void every_truncation_is_detected(void **state) {
  (void)state;
  pln_bars *bars = sample(20, "1d", 86400000000000, 1);
  pln_column_write(path, bars, "o", "m");
  size_t size;
  char *bytes = read_all(&size);
  for (size_t n = 0; n < size; n++) {
    assert_null(open_bytes(bytes, n));
    assert_true(pln_error_last()->code == PLN_ERR_CORRUPT || pln_error_last()->code == PLN_ERR_FORMAT);
  }
  free(bytes);
  pln_bars_free(bars);
}

static void every_bit_flip_is_detected_or_harmless(void **state) {
  (void)state;
  pln_bars *bars = sample(20, "1d", 86400000000000, 1);
  pln_column_write(path, bars, "o", "m");
  size_t size, harmless = 0;
  char *bytes = read_all(&size);
  for (size_t bit = 0; bit < size * 8; bit++) {
    bytes[bit / 8] ^= (char)(1 << bit % 8);
    pln_bars *back = open_bytes(bytes, size);
    bytes[bit / 8] ^= (char)(1 << bit % 8);
    if (back) {
      assert_same(bars, back);
      pln_bars_free(back);
      harmless++;
    } else
      assert_true(pln_error_last()->code == PLN_ERR_CORRUPT || pln_error_last()->code == PLN_ERR_FORMAT);
  }
  assert_true(harmless <= 8 * 64 * 8); /* no more than what pads the eight columns */
  free(bytes);
  pln_bars_free(bars);
}

static void sign_again(char *bytes) {
  pln_column_header *h = (pln_column_header *)(void *)bytes;
  h->header_hash = pln_column_header_hash(h);
}

/* What a checksum cannot catch: a file made with intent. */
static void malicious_files_are_refused(void **state) {
  (void)state;
  pln_bars *bars = sample(20, "1d", 86400000000000, 1);
  pln_column_write(path, bars, "o", "m");
  size_t size;
  char *original = read_all(&size);
  char *bytes = malloc(size);
  pln_column_header *h = (pln_column_header *)(void *)bytes;
  pln_column_entry *e = (pln_column_entry *)(void *)(bytes + sizeof *h);
  for (int i = 0; i < 20; i++) {
    memcpy(bytes, original, size);
    switch (i) {
    case 0:
      h->n_bars = INT64_MAX;
      break;
    case 1:
      h->n_bars = -1;
      break;
    case 2:
      h->n_bars = INT64_MAX / 8 + 2;
      break;
    case 3:
      h->n_columns = INT32_MAX;
      break;
    case 4:
      h->n_columns = 5;
      break;
    case 5:
      e[2].offset = UINT64_MAX - 63;
      break;
    case 6:
      e[2].offset = 0;
      break;
    case 7:
      e[2].offset += 8;
      break;
    case 8:
      e[2].role = 3;
      break;
    case 9:
      e[0].type = PLN_COLUMN_DOUBLE;
      break;
    case 10:
      h->texts[0].offset = UINT32_MAX;
      break;
    case 11:
      h->texts[0].length = UINT32_MAX;
      break;
    case 12:
      h->timeframe_unit = 77;
      break;
    case 13:
      h->timeframe_count = 0;
      break;
    case 14:
      h->timeframe_ns = 5;
      break;
    case 15:
      h->n_bars = 19;
      break;
    case 16:
      h->version = 2;
      break;
    case 17:
      e[7].name.length = 0;
      break;
    case 18:
      h->content_hash++;
      break;
    default:
      h->has_volume = 2;
      break;
    }
    sign_again(bytes);
    assert_null(open_bytes(bytes, size));
    assert_true(pln_error_last()->code == PLN_ERR_CORRUPT || pln_error_last()->code == PLN_ERR_FORMAT);
  }
  for (int i = 0; i < 8; i++) { /* bad values under good checksums */
    memcpy(bytes, original, size);
    int64_t *ts = (int64_t *)(void *)(bytes + e[0].offset);
    double *low = (double *)(void *)(bytes + e[3].offset);
    int64_t *visible = (int64_t *)(void *)(bytes + e[6].offset);
    switch (i) {
    case 0:
      ts[5] = ts[4];
      break;
    case 1:
      ts[19] = INT64_MAX;
      break;
    case 2:
      low[7] = NAN;
      break;
    case 3:
      low[19] = -INFINITY;
      break;
    case 4: /* LuaJIT would take these bits for a pointer */
      memcpy(bytes + e[7].offset + 8, &(uint64_t){0xfffa000000001000u}, 8);
      break;
    case 5:
      memcpy(bytes + e[7].offset + 19 * 8, &(uint64_t){0x7ff8000000000001u}, 8);
      break;
    case 6:
      memcpy(bytes + e[7].offset, &(double){INFINITY}, 8);
      break;
    default:
      visible[3] = ts[3];
      break;
    }
    for (int32_t c = 0; c < h->n_columns; c++) e[c].hash = pln_hash64(bytes + e[c].offset, 20 * 8, 0);
    sign_again(bytes);
    assert_null(open_bytes(bytes, size));
    assert_int_equal(pln_error_last()->code, PLN_ERR_CORRUPT);
  }
  free(bytes);
  free(original);
  pln_bars_free(bars);
}

/* What is not finite in a further column is written as the one plain NaN. */
static void odd_numbers_are_written_as_nan(void **state) {
  (void)state;
  static const uint64_t bits[] = {0xfff8000000000000u, 0xffffffffffffffffu, 0x7ff0000000000001u,
                                  0x7ff0000000000000u, 0xfff0000000000000u, 0x3ff0000000000000u};
  const char *const names[] = {"bid"};
  pln_column_spec spec = {.symbol = "X", .extra_names = names, .n_extra = 1, .max_bars = 6};
  assert_int_equal(pln_timeframe_parse("1m", &spec.timeframe), 0);
  pln_column_writer *w = pln_column_writer_new(path, &spec);
  assert_non_null(w);
  int64_t ts[6];
  double p[6], bid[6];
  const double *const extra[] = {bid};
  for (int i = 0; i < 6; i++) ts[i] = i * 60000000000, p[i] = 1;
  memcpy(bid, bits, sizeof bid);
  const pln_column_chunk chunk = {
      .n_bars = 6, .ts_ns = ts, .open = p, .high = p, .low = p, .close = p, .extra = extra};
  assert_int_equal(pln_column_writer_append(w, &chunk), 0);
  assert_int_equal(pln_column_writer_finish(w), 0);
  pln_bars *bars = pln_column_open(path);
  if (!bars) fail_msg("%s", pln_error_last()->text);
  for (int i = 0; i < 6; i++) {
    uint64_t found;
    memcpy(&found, &bars->extra[0][i], 8);
    assert_true(found == (i < 5 ? 0x7ff8000000000000u : bits[5]));
  }
  pln_bars_free(bars);
}

static void other_files_are_refused(void **state) {
  (void)state;
  static const char csv[] =
      "time,open,high,low,close\n2015-01-02,1,1,1,1\n2015-01-03,1,1,1,1\n2015-01-04,1,1,1,1\n"
      "2015-01-05,1,1,1,1\n2015-01-06,1,1,1,1\n2015-01-07,1,1,1,1\n";
  assert_null(open_bytes(csv, sizeof csv));
  assert_int_equal(pln_error_last()->code, PLN_ERR_FORMAT);
  assert_null(open_bytes("", 0));
  assert_int_equal(pln_error_last()->code, PLN_ERR_FORMAT);
}

/* Killed while it writes, a process leaves the earlier file as it was, or the new one, whole. */
static void a_killed_writer_leaves_a_whole_file(void **state) {
  (void)state;
  pln_bars *first = sample(100, "1m", 60000000000, 0), *second = sample(200000, "1m", 60000000000, 0);
  assert_int_equal(pln_column_write(path, first, NULL, NULL), 0);
  for (int i = 0; i < 20; i++) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) pln_column_write(path, second, NULL, NULL);
    }
    usleep((useconds_t)(i * 700));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    pln_bars *back = pln_column_open(path);
    if (!back) fail_msg("%s", pln_error_last()->text);
    assert_true(back->n_bars == 100 || back->n_bars == 200000);
    pln_bars_free(back);
  }
  pln_bars_free(first);
  pln_bars_free(second);
}

static void a_mapped_file_survives_its_replacement(void **state) {
  (void)state;
  pln_bars *first = sample(5000, "1m", 60000000000, 0), *second = sample(10, "1m", 60000000000, 0);
  pln_column_write(path, first, NULL, NULL);
  pln_bars *mapped = pln_column_open(path);
  pln_column_write(path, second, NULL, NULL);
  assert_same(first, mapped);
  pln_bars_free(mapped);
  pln_bars_free(first);
  pln_bars_free(second);
}

#define TEST(f) cmocka_unit_test_teardown(f, clear_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_written_is_read),
      TEST(pieces_make_the_same_file),
      TEST(a_failed_or_abandoned_writer_leaves_nothing),
      TEST(impossible_paths_are_errors),
      TEST(every_truncation_is_detected),
      TEST(every_bit_flip_is_detected_or_harmless),
      TEST(malicious_files_are_refused),
      TEST(other_files_are_refused),
      TEST(odd_numbers_are_written_as_nan),
      TEST(a_killed_writer_leaves_a_whole_file),
      TEST(a_mapped_file_survives_its_replacement),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
