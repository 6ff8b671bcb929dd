#pragma once

/* Stops the pools that this thread made and waits for their threads: before the Lua state ends whose memory
 * they may read. The pools remain to be freed. */
void pln_workers_end_all(void);
