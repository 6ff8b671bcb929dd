/* Worker threads: messages both ways, failures that come back as messages, an end that leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/core.h"
#include "abi/script.h"
#include "abi/watch.h"
#include "abi/workers.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[64];

static pln_workers *workers(int32_t n, const char *code) {
  FILE *f = fopen(file, "w");
  assert_non_null(f);
  fputs("local C = require('abi').C\nlocal ffi = require 'ffi'\n", f);
  fputs(code, f);
  fclose(f);
  pln_workers *pool = pln_workers_new(n, file);
  assert_non_null(pool);
  return pool;
}

static int send(pln_workers *pool, const char *text) {
  return pln_workers_send(pool, -1, text, (int64_t)strlen(text));
}

static const char echo[] = "while true do\n"
                           "  local m = C.pln_worker_take()\n"
                           "  if m == nil then return end\n"
                           "  local text = ffi.string(m.bytes, m.length)\n"
                           "  if m.worker >= 0 then\n"
                           "    local s = C.pln_worker_setup(m.worker)\n"
                           "    text = ffi.string(s.bytes, s.length) .. text\n"
                           "  end\n"
                           "  if text == 'fail' then error('as asked') end\n"
                           "  C.pln_worker_give(text, #text)\n"
                           "end\n";

static void messages_go_there_and_back(void **state) {
  (void)state;
  pln_workers *pool = workers(5, echo);
  int seen[200] = {0};
  for (int i = 0; i < 200; i++) {
    char text[16];
    assert_int_equal(pln_workers_send(pool, -1, text, snprintf(text, sizeof text, "%d", i)), 0);
  }
  for (int i = 0; i < 200; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    assert_int_equal(m->kind, PLN_MESSAGE_BYTES);
    assert_int_equal(m->length, strlen(m->bytes));
    assert_in_range(m->worker, 0, 4);
    seen[atoi(m->bytes)]++;
  }
  for (int i = 0; i < 200; i++) assert_int_equal(seen[i], 1);
  assert_null(pln_workers_receive(pool, 0));
  assert_null(pln_workers_receive(pool, 0.01));
  assert_int_equal(pln_workers_running(pool), 5);
  pln_workers_free(pool);
}

static void one_worker_keeps_the_order(void **state) {
  (void)state;
  pln_workers *pool = workers(1, echo);
  assert_int_equal(pln_workers_add_setup(pool, "a", 1), 0);
  assert_int_equal(pln_workers_add_setup(pool, "\0b", 2), 1);
  for (int i = 0; i < 50; i++) {
    char text[16];
    pln_workers_send(pool, i % 2, text, snprintf(text, sizeof text, "%d", i));
  }
  for (int i = 0; i < 50; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    assert_memory_equal(m->bytes, i % 2 ? "\0b" : "a", (size_t)(1 + i % 2));
    assert_int_equal(atoi(m->bytes + 1 + i % 2), i);
  }
  pln_workers_free(pool);
}

static void a_lua_error_comes_back(void **state) {
  (void)state;
  pln_workers *pool = workers(2, echo);
  send(pool, "fail");
  const pln_message *m = pln_workers_receive(pool, 30);
  assert_non_null(m);
  assert_int_equal(m->kind, PLN_MESSAGE_FAILED);
  assert_non_null(strstr(m->bytes, "as asked"));
  assert_non_null(strstr(m->bytes, "stack traceback"));
  send(pool, "the other goes on");
  m = pln_workers_receive(pool, 30);
  assert_non_null(m);
  assert_string_equal(m->bytes, "the other goes on");
  send(pool, "fail");
  assert_non_null(pln_workers_receive(pool, 30));
  assert_null(pln_workers_receive(pool, 30)); /* at once: nobody is left */
  assert_int_equal(pln_workers_running(pool), 0);
  pln_workers_free(pool);
}

static void so_does_a_lack_of_memory(void **state) {
  (void)state;
  pln_workers *pool = workers(2, "C.pln_host_set_memory_limit(8e6)\n"
                                 "C.pln_worker_take()\n"
                                 "local t = {}\n"
                                 "for i = 1, 1e9 do t[i] = { i } end\n");
  send(pool, "go");
  const pln_message *m = pln_workers_receive(pool, 30);
  assert_non_null(m);
  assert_int_equal(m->kind, PLN_MESSAGE_FAILED);
  assert_non_null(strstr(m->bytes, "not enough memory"));
  pln_workers_free(pool);
}

static void what_waits_can_be_taken_back(void **state) {
  (void)state;
  pln_workers *pool = workers(1, "C.pln_worker_take()\n"
                                 "C.pln_worker_give('', 0)\n"
                                 "while C.pln_stop_requested() == 0 do C.pln_clock_monotonic_ns() end\n"
                                 "local n = C.pln_stop_requested()\n"
                                 "assert(C.pln_worker_take() == nil)\n");
  for (int i = 0; i < 10; i++) send(pool, "x");
  const pln_message *m = pln_workers_receive(pool, 30);
  assert_non_null(m);
  assert_int_equal(m->length, 0);
  assert_int_equal(pln_workers_take_back(pool), 9);
  assert_int_equal(pln_stop_requested(), 0);
  pln_workers_stop(pool); /* which the loop sees */
  assert_null(pln_workers_receive(pool, 30));
  assert_int_equal(pln_stop_requested(), 0);
  pln_workers_free(pool);
}

static void a_file_that_is_missing_is_a_failure(void **state) {
  (void)state;
  pln_workers *pool = pln_workers_new(2, "/nowhere/at/all.lua");
  assert_non_null(pool);
  for (int i = 0; i < 2; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    assert_int_equal(m->kind, PLN_MESSAGE_FAILED);
    assert_non_null(strstr(m->bytes, "/nowhere/at/all.lua"));
  }
  pln_workers_free(pool);
  assert_null(pln_workers_new(0, "worker"));
  assert_null(pln_workers_new(100000, "worker"));
  assert_int_equal(pln_worker_index(), -1);
  assert_null(pln_worker_take());
  assert_true(pln_worker_give("", 0) < 0);
  assert_true(pln_processors() >= 1);
}

/* The limit ends the loop of one worker with the same error as on the main thread; a worker whose heartbeat
 * changes, and one that is not watched, go on. */
static void each_thread_has_its_own_watchdog(void **state) {
  (void)state;
  if (strstr(getenv("PLN_TEST_SANITIZE") ? getenv("PLN_TEST_SANITIZE") : "", "thread"))
    skip(); /* it delays signals */
  pln_workers *pool = workers(3, "local m = C.pln_worker_take()\n"
                                 "local kind = ffi.string(m.bytes, m.length)\n"
                                 "local beat = ffi.new 'int64_t[1]'\n"
                                 "C.pln_watchdog_limit(0.5)\n"
                                 "if kind ~= 'free' then C.pln_watchdog_watch(beat, kind) end\n"
                                 "local start = C.pln_clock_monotonic_ns()\n"
                                 "local ok, err = pcall(function()\n"
                                 "  jit.off(true, true)\n"
                                 "  local n = 0\n"
                                 "  while C.pln_clock_monotonic_ns() - start < 2000000000LL do\n"
                                 "    if kind == 'beating' then beat[0] = beat[0] + 1 end\n"
                                 "    n = n + 1\n"
                                 "  end\n"
                                 "end)\n"
                                 "C.pln_watchdog_rest()\n"
                                 "local text = kind .. ': ' .. tostring(ok) .. ' ' .. tostring(err)\n"
                                 "C.pln_worker_give(text, #text)\n");
  send(pool, "free");
  send(pool, "stuck");
  send(pool, "beating");
  int fine = 0, stopped = 0;
  for (int i = 0; i < 3; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    if (strncmp(m->bytes, "stuck", 5) == 0) {
      assert_non_null(strstr(m->bytes, "did not come back within 0.5 s (engine.timeout_s)"));
      stopped++;
    } else {
      assert_non_null(strstr(m->bytes, ": true nil"));
      fine++;
    }
  }
  assert_int_equal(fine, 2);
  assert_int_equal(stopped, 1);
  pln_workers_free(pool);
}

/* A signal to the process is the main thread's, and every worker sees that a stop is asked for. */
static void ctrl_c_reaches_all(void **state) {
  (void)state;
  pln_stop_begin();
  pln_workers *pool = workers(4, "C.pln_worker_take()\n"
                                 "while C.pln_stop_requested() == 0 do C.pln_clock_monotonic_ns() end\n"
                                 "local text = tostring(C.pln_stop_requested())\n"
                                 "C.pln_worker_give(text, #text)\n");
  for (int i = 0; i < 4; i++) send(pool, "x");
  kill(getpid(), SIGINT);
  for (int i = 0; i < 4; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    assert_string_equal(m->bytes, "2");
  }
  pln_workers_free(pool);
  pln_stop_end();
}

static long resident_kb(void) {
  FILE *f = fopen("/proc/self/statm", "r");
  long pages = 0, resident = 0;
  if (f) {
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* 64 states at once: each compiles its loop. */
static void many_workers_compile(void **state) {
  (void)state;
  pln_workers *pool =
      workers(64, "local made = 0\n"
                  "jit.attach(function(what) if what == 'stop' then made = made + 1 end end, 'trace')\n"
                  "C.pln_worker_take()\n"
                  "local sum = 0\n"
                  "for i = 1, 1e5 do sum = sum + i % 7 end\n"
                  "local text = made > 0 and 'compiled' or 'interpreted'\n"
                  "C.pln_worker_give(text, #text)\n");
  for (int i = 0; i < 64; i++) send(pool, "x");
  for (int i = 0; i < 64; i++) {
    const pln_message *m = pln_workers_receive(pool, 30);
    assert_non_null(m);
    assert_string_equal(m->bytes, "compiled");
  }
  pln_workers_free(pool);
}

static void starting_and_stopping_keeps_no_memory(void **state) {
  (void)state;
  if (*(getenv("PLN_TEST_SANITIZE") ? getenv("PLN_TEST_SANITIZE") : "")) skip(); /* they keep freed memory */
  long before = 0;
  for (int round = 0; round < 60; round++) {
    pln_workers *pool = workers(4, echo);
    pln_workers_add_setup(pool, "setup", 5);
    for (int i = 0; i < 20; i++) send(pool, "message");
    for (int i = 0; i < 10; i++) assert_non_null(pln_workers_receive(pool, 30));
    pln_workers_free(pool); /* with messages on their way */
    if (round == 19) before = resident_kb();
  }
  assert_in_range(resident_kb(), 0, before + 4096);
}

static int make_file(void **state) {
  (void)state;
  snprintf(file, sizeof file, "/tmp/pln_workers_%ld.lua", (long)getpid());
  return 0;
}

static int remove_file(void **state) {
  (void)state;
  return unlink(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_go_there_and_back),
      cmocka_unit_test(one_worker_keeps_the_order),
      cmocka_unit_test(a_lua_error_comes_back),
      cmocka_unit_test(so_does_a_lack_of_memory),
      cmocka_unit_test(what_waits_can_be_taken_back),
      cmocka_unit_test(a_file_that_is_missing_is_a_failure),
      cmocka_unit_test(each_thread_has_its_own_watchdog),
      cmocka_unit_test(ctrl_c_reaches_all),
      cmocka_unit_test(many_workers_compile),
      cmocka_unit_test(starting_and_stopping_keeps_no_memory),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
