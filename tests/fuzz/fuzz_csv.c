/* Delimited text: no bytes, plain or compressed, may crash the reader, and what it accepts keeps pln_bars'
 * promises. The first byte chooses options. */
#include "abi/core.h"
#include "abi/csv.h"
#include "data/bars_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void choose(uint8_t byte, pln_csv_options *o, pln_quality_config *quality) {
  static const char *const columns[] = {"time", "open", "close", "high", "low", "volume", "mark"};
  static const char *const timeframes[] = {NULL, "tick", "1m", "1d"};
  static const char *const formats[] = {NULL, "dmy", "%d.%m.%y %H:%M:%S", "epoch_ms"};
  static const char *const policies[] = {"default", "drop", "repair", "reject"};
  pln_csv_options_init(o);
  pln_quality_config_init(quality);
  o->timeframe = timeframes[byte & 3];
  o->time_format = formats[byte >> 2 & 3];
  if (byte & 16) {
    o->columns = columns;
    o->n_columns = byte & 4 ? 6 : 7;
  }
  if (byte & 32) {
    o->layout = byte & 4 ? "lean_quote" : "binance";
    o->columns = NULL;
    o->price_scale = 0.0001;
  }
  if (byte & 64) {
    o->timezone = "America/New_York";
    o->stamp = PLN_CSV_STAMP_CLOSE;
    o->symbol = "A";
  }
  for (int32_t rule = 0; byte & 128 && rule < PLN_QUALITY_RULES; rule++)
    pln_quality_config_set(quality, pln_quality_rule_name(rule), policies[(byte + rule) & 3]);
  o->quality = quality;
  o->max_bytes = 1 << 20;
}

static void check(const pln_bars *bars, const pln_quality_report *report) {
  if (bars->n_bars < 1 || report->n_kept != bars->n_bars || report->n_rows < bars->n_bars) abort();
  for (int64_t i = 0; i < bars->n_bars; i++) {
    if (i && bars->ts_ns[i] <= bars->ts_ns[i - 1]) abort();
    if (!isfinite(bars->open[i]) || !isfinite(bars->high[i]) || !isfinite(bars->low[i]) ||
        !isfinite(bars->close[i]) || !isfinite(bars->volume[i]))
      abort();
    const int64_t close = pln_bars_visible_ns(bars, i);
    if (close < bars->ts_ns[i] + (bars->timeframe.unit != PLN_TIMEFRAME_NONE)) abort();
    if (i && close <= pln_bars_visible_ns(bars, i - 1)) abort();
  }
  for (int32_t c = 0; c < bars->n_extra; c++)
    if (!pln_bars_extra_is_sound(bars->extra[c], bars->n_bars)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  pln_log_set_level(PLN_LOG_ERROR);
  pln_csv_options options;
  pln_quality_config quality;
  choose(data[0], &options, &quality);
  const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1) abort();
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const char *paths[] = {path, path};
  pln_quality_report *report = pln_quality_report_new();
  uint64_t hash = 0;
  for (int32_t round = 0; round < 2; round++) {
    pln_bars *bars = pln_csv_load(paths, 1, &options, report);
    if (bars) {
      check(bars, report);
      if (round && bars->content_hash != hash) abort();
      hash = bars->content_hash;
    } else if (pln_error_last()->text[0] == 0 || hash) {
      abort();
    }
    if (strlen(pln_quality_report_text(report)) == 0) abort();
    pln_bars_free(bars);
  }
  pln_bars_free(pln_csv_load(paths, 2, &options, NULL));
  pln_quality_report_free(report);
  close(fd);
  return 0;
}
