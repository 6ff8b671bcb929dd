/* What Lua cannot see of the store: number formatting against the C library, damaged blobs, memory and speed
 * of bulk writing, a full disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/stats.h"
#include "store/internal.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void check_number(double value) {
  char expected[64], found[32];
  snprintf(expected, sizeof expected, "%.17g", value);
  assert_int_equal(pln_format_17(value, found), strlen(expected));
  assert_string_equal(found, expected);
  if (!isfinite(value)) return;
  pln_format_shortest(value, found);
  assert_true(strtod(found, NULL) == value);
  assert_true(strlen(found) <= strlen(expected));
}

static void seventeen_digits_are_those_of_the_c_library(void **state) {
  (void)state;
  static const double special[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   0.1,
                                   0.5,
                                   9.5,
                                   99999999999999992.0,
                                   1e16,
                                   1e17,
                                   1e-4,
                                   9.9e-5,
                                   1e15,
                                   1e22,
                                   1e23,
                                   0.3,
                                   123456,
                                   1e-300,
                                   5e-324,
                                   1e308,
                                   INFINITY,
                                   NAN,
                                   2.5,
                                   4503599627370496.5,
                                   1e16 - 2,
                                   9007199254740993.0,
                                   0.00010000000000000002,
                                   9999999999999998.0};
  for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
    check_number(special[i]);
    check_number(-special[i]);
  }
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < 100000; i++) {
    const uint64_t bits = next_random(&random);
    check_number(pln_double_of(bits)); /* any magnitude */
    const double unit = (double)(bits >> 11) * 0x1p-53;
    check_number(unit * 1000);             /* prices */
    check_number(floor(unit * 1e7) / 100); /* prices in cents */
    check_number(ldexp((double)(bits >> 11), (int)(bits % 64) - 60));
    check_number((double)(bits % 100000) / 8); /* exact halves: ties */
    check_number(pow(10, (double)(bits % 22) - 5));
    check_number(nextafter(pow(10, (double)(bits % 22) - 5), 0));
  }
}

static void numbers_do_not_depend_on_the_locale(void **state) {
  (void)state;
  const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (setlocale(LC_ALL, names[i])) break;
  char text[32];
  pln_format_17(1e-7 / 3, text);
  assert_null(strchr(text, ','));
  pln_format_shortest(0.1, text);
  assert_string_equal(text, "0.1");
  setlocale(LC_ALL, "C");
}

static void series_come_back_and_damage_is_noticed(void **state) {
  (void)state;
  pln_series series = {.n_columns = 3};
  uint64_t random = 42;
  for (; series.n_rows < 1000; series.n_rows++) {
    assert_int_equal(pln_series_reserve(&series), 0);
    for (int32_t c = 0; c < 3; c++) series.columns[c][series.n_rows] = next_random(&random); /* any NaN too */
  }
  void *blob;
  int32_t size;
  assert_int_equal(pln_series_encode(NULL, &series, &blob, &size), 0);
  uint64_t *back = malloc(sizeof *back * 3000);
  assert_int_equal(pln_series_decode(blob, size, 3, 1000, back), 0);
  for (int32_t c = 0; c < 3; c++) assert_memory_equal(back + c * 1000, series.columns[c], 8000);
  assert_int_equal(pln_series_decode(blob, size, 3, 999, back), PLN_ERR_CORRUPT);
  assert_int_equal(pln_series_decode(blob, size / 2, 3, 1000, back), PLN_ERR_CORRUPT);
  assert_int_equal(pln_series_decode(NULL, 0, 3, 1000, back), PLN_ERR_CORRUPT);
  for (int32_t i = 0; i < 2000; i++) { /* never a crash, whatever it says */
    ((uint8_t *)blob)[next_random(&random) % (uint64_t)size] ^= (uint8_t)(1u << (random % 8));
    pln_series_decode(blob, size, 3, 1000, back);
  }
  free(back);
  free(blob);
  pln_series_free(&series);
}

typedef struct place {
  char path[64];
} place;

static place make_place(void) {
  place p = {"/tmp/pln_store_XXXXXX"};
  const int file = mkstemp(p.path);
  assert_true(file >= 0);
  close(file);
  return p;
}

static void drop_place(const place *p) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < 4; i++) {
    char path[96];
    snprintf(path, sizeof path, "%s%s", p->path, suffixes[i]);
    unlink(path);
  }
}

/* The result of a combo in the run's phase, which is made with its first. */
static pln_store_result *add_result(pln_store *store, int64_t run, const char *combo,
                                    const char *const *symbols, int32_t n_symbols) {
  char sql[256];
  snprintf(sql, sizeof sql,
           "INSERT OR IGNORE INTO main.phase_row (id, run, name, hash, status, content) VALUES (%lld, %lld, "
           "'p', '', "
           "'running', %lld)",
           (long long)run, (long long)run, (long long)run);
  assert_int_equal(pln_store_commit(store), 0);
  assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
  const pln_result_info info = {.run = run,
                                .phase = run,
                                .window = 1,
                                .number = 1,
                                .combo = combo,
                                .portfolio = "main",
                                .symbols = symbols,
                                .n_symbols = n_symbols};
  return pln_store_add_result(store, &info);
}

static int64_t count_of(pln_store *store, const char *sql) {
  pln_query *query = pln_query_new(store, sql);
  assert_non_null(query);
  assert_int_equal(pln_query_step(query), 1);
  const int64_t count = pln_query_integer(query, 0);
  pln_query_free(query);
  return count;
}

static int64_t resident_kb(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long long total = 0, resident = 0;
  if (file) {
    if (fscanf(file, "%lld %lld", &total, &resident) != 2) resident = 0;
    fclose(file);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* 300,000 trades, 2 million equity rows: memory must not grow with them. Time is printed, not judged. */
static void bulk_writing_keeps_memory_flat(void **state) {
  (void)state;
  const place p = make_place();
  pln_store *store = pln_store_open(p.path, 0);
  assert_non_null(store);
  const pln_run_info info = {.name = "bulk"};
  const int64_t run = pln_store_begin_run(store, &info);
  assert_true(run > 0);
  const char *const symbols[] = {"SPY"};
  pln_store_result *result = add_result(store, run, "c0001", symbols, 1);
  assert_non_null(result);
  enum { TRADES = 1000, ROWS = 4096 };
  static pln_trade trades[TRADES];
  static int64_t ts[ROWS];
  static double equity[ROWS];
  static int8_t exposure[ROWS];
  const pln_equity_rows rows = {
      .n_rows = ROWS, .capacity = ROWS, .ts_ns = ts, .equity = equity, .cash = equity, .exposure = exposure};
  uint64_t random = 7;
  int64_t row = 0, before = 0;
  const int64_t start = pln_clock_monotonic_ns();
  for (int batch = 0; batch < 300; batch++) {
    for (int i = 0; i < TRADES; i++)
      trades[i] = (pln_trade){.id = batch * TRADES + i + 1,
                              .entry_ts_ns = 1420070400000000000 + (int64_t)i * 60000000000,
                              .exit_ts_ns = 1420070400000000000 + (int64_t)(i + 1) * 60000000000,
                              .entry_bar = i,
                              .exit_bar = i + 1,
                              .quantity = 17,
                              .entry_price = (double)(next_random(&random) >> 40) / 100,
                              .exit_price = (double)(next_random(&random) >> 40) / 100,
                              .pnl = 1.5,
                              .side = PLN_SIDE_BUY};
    assert_int_equal(pln_store_add_trades(result, trades, TRADES), 0);
    for (int repeat = 0; repeat < 2; repeat++) {
      for (int i = 0; i < ROWS; i++, row++) {
        ts[i] = 1420070400000000000 + row * 60000000000;
        equity[i] = 1e4 + (double)(next_random(&random) >> 54) / 64;
      }
      assert_int_equal(pln_store_add_equity(result, &rows), 0);
    }
    if (batch == 100) before = resident_kb();
  }
  const int64_t grown = resident_kb() - before;
  assert_int_equal(pln_store_finish_run(store, run, "finished", 1, row, NULL), 0);
  printf("300,000 trades and %lld equity rows in %.2f s; memory grew by %lld kB over the last two thirds\n",
         (long long)row, (double)(pln_clock_monotonic_ns() - start) * 1e-9, (long long)grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which keep freed memory */
  assert_true(grown < 16 * 1024);
#endif
  assert_int_equal(count_of(store, "SELECT count(*) FROM trade"), 300000);
  assert_int_equal(count_of(store, "SELECT count(*) FROM equity"), row);
  pln_store_free(store);
  drop_place(&p);
}

static void a_damaged_chunk_is_an_error_of_the_query(void **state) {
  (void)state;
  const place p = make_place();
  pln_store *store = pln_store_open(p.path, 0);
  const pln_run_info info = {.name = "damaged"};
  const int64_t run = pln_store_begin_run(store, &info);
  pln_store_result *result = add_result(store, run, "c0001", NULL, 0);
  const int64_t ts[2] = {1, 2};
  const double value[2] = {1, 2};
  assert_int_equal(pln_store_add_record(result, "x", ts, value, 2), 0);
  assert_int_equal(pln_store_finish_run(store, run, "finished", 0, 0, NULL), 0);
  static const char *const damages[] = {
      "UPDATE record_chunk SET data = x'00'", "UPDATE record_chunk SET data = NULL",
      "UPDATE record_chunk SET rows = 1000", "UPDATE record_chunk SET rows = -1",
      "UPDATE record_chunk SET rows = 1 << 40"};
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    sqlite3_exec(store->db, damages[i], NULL, NULL, NULL);
    pln_query *query = pln_query_new(store, "SELECT * FROM records");
    assert_non_null(query);
    const int32_t status = pln_query_step(query);
    /* NULL is refused by the table itself, so that the rows remain as the damage before left them. */
    assert_true(status < 0);
    assert_non_null(strstr(pln_error_last()->text, "damaged"));
    pln_query_free(query);
  }
  pln_store_free(store);
  drop_place(&p);
}

/* SQLite's page limit stands for the disk. */
static void a_full_disk_is_told_and_leaves_the_database_whole(void **state) {
  (void)state;
  const place p = make_place();
  pln_store *store = pln_store_open(p.path, 0);
  const pln_run_info info = {.name = "full"};
  const int64_t run = pln_store_begin_run(store, &info);
  sqlite3_exec(store->db, "PRAGMA max_page_count = 400", NULL, NULL, NULL);
  pln_store_result *result = add_result(store, run, "c0001", NULL, 0);
  static pln_trade trades[1000];
  int32_t status = 0;
  for (int i = 0; status == 0 && i < 1000; i++) status = pln_store_add_trades(result, trades, 1000);
  assert_int_equal(status, PLN_ERR_IO);
  assert_non_null(strstr(pln_error_last()->text, "the disk is full"));
  assert_int_equal(pln_store_add_trades(result, trades, 1), PLN_ERR_STATE);
  sqlite3_exec(store->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
  assert_int_equal(pln_store_finish_run(store, run, "failed", 0, 0, "the disk is full"), 0);
  pln_store_free(store);
  store = pln_store_open(p.path, PLN_STORE_READ_ONLY);
  assert_non_null(store);
  assert_int_equal(count_of(store, "SELECT count(*) FROM run WHERE status = 'failed'"), 1);
  assert_int_equal(count_of(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  pln_store_free(store);
  drop_place(&p);
}

/* Makes a database of schema 3 of tests/fixtures/store/v3.sql, and of it one of schema 1 where that is asked
 * for. */
static void make_old_file(const place *p, bool first_schema) {
  FILE *file = fopen("tests/fixtures/store/v3.sql", "rb");
  assert_non_null(file);
  static char sql[1 << 16];
  const size_t size = fread(sql, 1, sizeof sql - 1, file);
  fclose(file);
  assert_true(size > 1000 && size < sizeof sql - 1);
  sql[size] = 0;
  static const char back[] =
      "DROP VIEW trades; DROP VIEW trade; DROP VIEW fills; DROP VIEW fill; DROP VIEW decisions; DROP VIEW "
      "decision; "
      "DROP TABLE decision_row; ALTER TABLE trade_row DROP COLUMN income; ALTER TABLE trade_row DROP COLUMN "
      "entry_rate; "
      "ALTER TABLE trade_row DROP COLUMN exit_rate; ALTER TABLE fill_row DROP COLUMN rate; "
      "CREATE VIEW trade AS SELECT id FROM trade_row; CREATE VIEW trades AS SELECT id FROM trade; "
      "CREATE VIEW fill AS SELECT id FROM fill_row; CREATE VIEW fills AS SELECT id FROM fill; "
      "PRAGMA user_version = 1";
  sqlite3 *db;
  assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  if (first_schema) assert_int_equal(sqlite3_exec(db, back, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

/* A file of schema 3, whose runs had no phases, and of the first one, which knew no currencies either. */
static void an_older_file_is_brought_up_to_date(void **state) {
  (void)state;
  for (int first_schema = 0; first_schema <= 1; first_schema++) {
    const place p = make_place();
    make_old_file(&p, first_schema);
    assert_null(pln_store_open(p.path, PLN_STORE_READ_ONLY));
    assert_non_null(strstr(pln_error_last()->text, "an older schema"));
    pln_store *store = pln_store_open(p.path, 0);
    assert_non_null(store);
    static const struct {
      const char *sql;
      int64_t count;
    } found[] = {
        {"SELECT count(*) FROM trades WHERE run = 1 AND income = 0 AND exit_rate = 1 AND symbol = 'MOON' AND "
         "phase = "
         "'full_backtest' AND window = 1",
         12},
        {"SELECT count(*) FROM orders WHERE combo = 'c0002'", 13},
        {"SELECT count(*) FROM fills WHERE rate = 1 AND portfolio = 'main'", 26},
        {"SELECT count(*) FROM decisions", 0},
        {"SELECT count(*) FROM metrics WHERE name = 'sharpe_ratio' AND value < -4.07 AND combo = 'c0002'", 1},
        {"SELECT count(*) FROM metrics WHERE name = 'omega_ratio'", 2},
        {"SELECT count(*) FROM figures WHERE trades = 6 AND kelly < 0", 2},
        {"SELECT count(*) FROM metric_row m JOIN metric_name n ON n.id = m.metric WHERE n.name = 'kelly'", 0},
        {"SELECT count(*) FROM equity('c0002', 1)", 150},
        {"SELECT count(*) FROM combos WHERE run = 1 AND json_extract(params, '$.fast') IN (5, 8)", 2},
        {"SELECT count(*) FROM result WHERE run = 1 AND done AND number = cast(substr(combo, 2) AS INTEGER)",
         2},
        {"SELECT count(*) FROM result WHERE run = 7 AND NOT done", 1},
        {"SELECT count(*) FROM phases WHERE status = 'running' AND run = 7", 1},
        {"SELECT combos FROM runs WHERE run = 1", 2},
        {"SELECT count(*) FROM pragma_foreign_key_check", 0},
        {"SELECT count(*) FROM sqlite_schema WHERE name IN ('old_result', 'new_row')", 0},
        {"SELECT count(*) FROM schema_version", 2},
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
      const int64_t count = count_of(store, found[i].sql);
      if (count != found[i].count) print_message("%s\n", found[i].sql);
      assert_int_equal(count, found[i].count);
    }
    const pln_run_info info = {.name = "new"};
    const int64_t run = pln_store_begin_run(store, &info);
    assert_int_equal(run, 8);
    pln_store_result *result = add_result(store, run, "c0001", NULL, 0);
    assert_non_null(result);
    const pln_trade trade = {.id = 1, .side = 1, .quantity = 2, .income = 3, .entry_rate = 4, .exit_rate = 5};
    const pln_fill fill = {.id = 1, .side = 1, .rate = 6};
    assert_int_equal(pln_store_add_trades(result, &trade, 1), 0);
    assert_int_equal(pln_store_add_fills(result, &fill, 1), 0);
    assert_int_equal(pln_store_finish_run(store, run, "finished", 0, 0, NULL), 0);
    assert_int_equal(
        count_of(store, "SELECT count(*) FROM trades WHERE income = 3 AND entry_rate = 4 AND exit_rate = 5"),
        1);
    assert_int_equal(count_of(store, "SELECT count(*) FROM fills WHERE rate = 6"), 1);
    pln_store_free(store);
    drop_place(&p);
  }
}

/* A staged store and a phase in its file. */
static pln_store *open_staged(const place *p, int64_t *run) {
  pln_store *store = pln_store_open(p->path, PLN_STORE_STAGED);
  assert_non_null(store);
  const pln_run_info info = {.name = "staged"};
  *run = pln_store_begin_run(store, &info);
  assert_true(*run > 0);
  return store;
}

static pln_store_result *add_numbered(pln_store *store, int64_t run, int32_t number) {
  char combo[16];
  snprintf(combo, sizeof combo, "c%04d", number);
  const pln_result_info info = {
      .run = run, .phase = run, .window = 1, .number = number, .combo = combo, .portfolio = "main"};
  pln_store_result *result = pln_store_add_result(store, &info);
  assert_non_null(result);
  return result;
}

static void a_flush_that_fails_moves_nothing_and_may_be_repeated(void **state) {
  (void)state;
  const place p = make_place();
  int64_t run;
  pln_store *store = open_staged(&p, &run);
  assert_int_equal(pln_store_result_free(add_result(store, run, "c0001", NULL, 0)), 0); /* makes the phase */
  static pln_trade trades[1000];
  for (int32_t number = 2; number <= 30; number++) {
    pln_store_result *result = add_numbered(store, run, number);
    assert_int_equal(pln_store_add_trades(result, trades, 1000), 0);
    assert_int_equal(pln_store_result_close(result, NULL), 0);
  }
  sqlite3_exec(store->db, "PRAGMA main.max_page_count = 200", NULL, NULL, NULL);
  assert_int_equal(pln_store_flush(store), PLN_ERR_IO);
  assert_non_null(strstr(pln_error_last()->text, "the disk is full"));
  assert_int_equal(count_of(store, "SELECT count(*) FROM main.result_row"), 0);
  assert_int_equal(count_of(store, "SELECT count(*) FROM main.trade_row"), 0);
  sqlite3_exec(store->db, "PRAGMA main.max_page_count = 100000", NULL, NULL, NULL);
  assert_int_equal(pln_store_flush(store), 29);
  assert_int_equal(count_of(store, "SELECT count(*) FROM trade WHERE symbol IS NULL"), 29000);
  assert_int_equal(count_of(store, "SELECT count(*) FROM staging.trade_row"), 0);
  assert_int_equal(pln_store_flush(store), 0);
  pln_store_free(store);
  drop_place(&p);
}

/* Columns of figures that a newer engine has are added; those that only another file has come with its rows.
 */
static void figures_of_other_versions(void **state) {
  (void)state;
  const place p = make_place(), q = make_place();
  int64_t run;
  pln_store *store = open_staged(&p, &run);
  assert_int_equal(pln_store_result_free(add_result(store, run, "c0001", NULL, 0)), 0);
  double *values = malloc(sizeof *values * (size_t)pln_metric_count());
  for (int32_t i = 0; i < pln_metric_count(); i++) values[i] = i;
  pln_store_result *result = add_numbered(store, run, 2);
  assert_int_equal(pln_store_add_figures(result, values), 0);
  assert_int_equal(pln_store_result_close(result, NULL), 0);
  pln_store_free(store);
  sqlite3 *db;
  assert_int_equal(sqlite3_open(p.path, &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(db,
                   "DROP VIEW figures; DROP VIEW metrics; DROP VIEW metric; "
                   "ALTER TABLE figure_row DROP COLUMN sqn; ALTER TABLE figure_row ADD COLUMN \"to come\" "
                   "REAL; UPDATE figure_row SET \"to come\" = 7",
                   NULL, NULL, NULL),
      SQLITE_OK);
  sqlite3_close(db);
  store = pln_store_open(p.path, 0);
  assert_non_null(store);
  assert_int_equal(count_of(store, "SELECT count(*) FROM figures WHERE sqn IS NULL AND \"to come\" = 7"), 1);
  assert_int_equal(count_of(store, "SELECT value FROM metrics WHERE name = 'to come'"), 7);
  pln_store_free(store);

  int64_t other;
  store = open_staged(&q, &other);
  assert_int_equal(pln_store_result_free(add_result(store, other, "c0001", NULL, 0)), 0);
  assert_int_equal(pln_store_attach(store, p.path), 0);
  assert_int_equal(pln_store_begin(store), 0);
  assert_int_equal(pln_store_copy_phase(store, run, other), 1);
  assert_int_equal(pln_store_commit(store), 0);
  assert_int_equal(pln_store_detach(store), 0);
  assert_int_equal(count_of(store, "SELECT value FROM metrics WHERE name = 'to come' AND combo = 'c0002'"),
                   7);
  assert_int_equal(count_of(store,
                            "SELECT count(*) FROM figures WHERE sharpe_ratio = (SELECT value FROM metric "
                            "WHERE name = 'sharpe_ratio')"),
                   1);
  free(values);
  pln_store_free(store);
  drop_place(&p);
  drop_place(&q);
}

static void damaged_captures_are_errors(void **state) {
  (void)state;
  const place p = make_place();
  pln_store *store = pln_store_open(p.path, 0);
  const pln_run_info info = {.name = "damaged"};
  const int64_t run = pln_store_begin_run(store, &info);
  pln_store_result *result = add_result(store, run, "c0001", NULL, 0);
  const int64_t ts[3] = {1, 2, 3};
  const double value[3] = {0.5, 0.25, -1};
  const pln_signal signals[3] = {{.ts_ns = 1, .direction = 1}, {.ts_ns = 2}, {.ts_ns = 3, .direction = -1}};
  assert_int_equal(pln_store_add_returns(result, value, NULL, ts, 3, 252), 0);
  assert_int_equal(pln_store_add_signals(result, "s", "SPY", signals, NULL, 3), 0);
  assert_int_equal(pln_store_result_close(result, NULL), 0);
  assert_int_equal(pln_store_commit(store), 0);
  static const char *const damages[] = {"SET data = x'00'", "SET rows = 1000", "SET rows = -1",
                                        "SET rows = 1 << 40"};
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    char sql[128];
    pln_stored_signals *read = pln_store_read_signals(store, run, 1, 1, "s", "SPY");
    if (i == 0) {
      assert_non_null(read);
      assert_int_equal(read->n, 3);
    }
    pln_stored_signals_free(read);
    snprintf(sql, sizeof sql, "UPDATE signal_chunk %s", damages[i]);
    assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_null(pln_store_read_signals(store, run, 1, 1, "s", "SPY"));
    assert_non_null(strstr(pln_error_last()->text, "damaged"));
  }
  static const char *const more[] = {"UPDATE returns_row SET data = x'00'", "UPDATE returns_row SET rows = 2",
                                     "UPDATE returns_axis SET rows = 1 << 40", "DELETE FROM returns_axis",
                                     "UPDATE returns_row SET axis = x'01'"};
  pln_stored_returns *whole = pln_store_read_returns(store, run, 1, NULL, NULL, 0);
  assert_non_null(whole);
  assert_int_equal(whole->n_results, 1);
  pln_stored_returns_free(whole);
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
    assert_int_equal(sqlite3_exec(store->db, more[i], NULL, NULL, NULL), SQLITE_OK);
    assert_null(pln_store_read_returns(store, run, 1, NULL, NULL, 0));
  }
  pln_store_free(store);
  drop_place(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_flush_that_fails_moves_nothing_and_may_be_repeated),
      cmocka_unit_test(figures_of_other_versions),
      cmocka_unit_test(damaged_captures_are_errors),
      cmocka_unit_test(seventeen_digits_are_those_of_the_c_library),
      cmocka_unit_test(numbers_do_not_depend_on_the_locale),
      cmocka_unit_test(series_come_back_and_damage_is_noticed),
      cmocka_unit_test(bulk_writing_keeps_memory_flat),
      cmocka_unit_test(a_damaged_chunk_is_an_error_of_the_query),
      cmocka_unit_test(an_older_file_is_brought_up_to_date),
      cmocka_unit_test(a_full_disk_is_told_and_leaves_the_database_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
