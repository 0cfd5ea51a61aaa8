/*
 * A short memory of evicted pages: when was it that this page went?
 *
 * As many are remembered as there are frames, 4 bytes each: the oldest are forgotten first, roughly.
 * A page may, very rarely, be taken for another: no more than a wrong guess comes of that.
 */
#ifndef LOFT_POLICY_HISTORY_H
#define LOFT_POLICY_HISTORY_H

#include <types.h>

/* Once. Without memory nothing will be remembered. */
void policy_history_init(uint32_t nframes);
/* Time goes on by one. */
void policy_history_tick(void);
/* The page is evicted now, and time goes on by one. */
void policy_history_enter(uint32_t key);
/* False: not known. True, and it is forgotten: *age ticks ago, about. */
bool policy_history_take(uint32_t key, uint32_t *age);

#endif
