/* Puts items into the flows of a Swell node and takes them out, from a process of its own.
 *
 * Link with libswell_flow_client (-lswell_flow_client, shared or static; the static one also
 * wants -lpthread -ldl -lm). A handle may be used by one thread at a time; different handles by
 * different threads. Times are in milliseconds; a negative one is without end.
 */
#ifndef SWELL_FLOW_H
#define SWELL_FLOW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a call. */
enum {
    SWELL_OK = 0,
    SWELL_EMPTY = 1,     /* there was no item in time */
    SWELL_FULL = 2,      /* there was no room in time */
    SWELL_TOO_LARGE = 3, /* the item is longer than the flow takes */
    SWELL_REFUSED = 4,   /* the node does not let this process take part */
    SWELL_DOWN = 5,      /* no node answers, and none did in time */
    SWELL_LATE = 6,      /* the node has not accepted all items in time */
    SWELL_REVOKED = 7,   /* the flow went to another, which is given these items too */
    SWELL_FAULT = 8,     /* the node's memory makes no sense */
    SWELL_ARGUMENT = 9   /* an argument is null, or a text is not UTF-8 */
};

typedef struct swell_producer swell_producer;
typedef struct swell_consumer swell_consumer;

/* An item. What the pointers lead to is there until the next call with the same consumer. */
typedef struct {
    const void *data;
    size_t length;
    const char *from;       /* the function or process it comes from */
    uint64_t sequence;      /* its number among those; with `from` it is the item's name */
    const char *media_type; /* empty if nobody said */
    uint64_t put_us;        /* when it was put in, in microseconds since 1970 */
} swell_item;

/* Bytes to be put in. */
typedef struct {
    const void *data;
    size_t length;
} swell_piece;

/* Why the last call of this thread failed, in words; there until its next call. */
const char *swell_error(void);

/* Connects as the process `name`, which the flow states as `native:NAME` in `from`. Waits for
 * `patience_ms` for the node, now and whenever it goes away later. Null on failure. */
swell_producer *swell_producer_connect(const char *socket, const char *flow, const char *name,
                                       int64_t patience_ms);
/* Puts an item in: the node gets it even if this process ends at once. */
int swell_producer_push(swell_producer *producer, const void *data, size_t length,
                        int64_t timeout_ms);
/* Puts `count` items in, as many together as there is room for. On failure some are not in, except
 * with SWELL_LATE: swell_producer_next tells which is the first of them. */
int swell_producer_push_batch(swell_producer *producer, const swell_piece *items, size_t count,
                              int64_t timeout_ms);
/* Waits until the node has accepted all that was pushed; with `ack = consume` it is on disk. */
int swell_producer_flush(swell_producer *producer, int64_t timeout_ms);
/* The number that the next item gets; right after connecting, how many were accepted before
 * (with `ack = consume`). */
uint64_t swell_producer_next(const swell_producer *producer);
void swell_producer_close(swell_producer *producer);

/* Connects as the process `name`, which the flow states as `native:NAME` in `to` or `owners`. */
swell_consumer *swell_consumer_connect(const char *socket, const char *flow, const char *name,
                                       int64_t patience_ms);
/* Takes an item out, as a copy. */
int swell_consumer_pop(swell_consumer *consumer, swell_item *item, int64_t timeout_ms);
/* Takes up to `max` items out, as copies, and says in `count` how many those are: the first is
 * waited for, the others are taken if they are there. What they point to is there until the next
 * call with the same consumer. */
int swell_consumer_pop_batch(swell_consumer *consumer, swell_item *items, size_t max,
                             size_t *count, int64_t timeout_ms);
/* swell_consumer_pop without a copy: `data` lies in the flow's own memory until swell_consumer_done. Not
 * for flows with `full = "drop-oldest"`, where it may be overwritten meanwhile. */
int swell_consumer_peek(swell_consumer *consumer, swell_item *item, int64_t timeout_ms);
/* Declares all items that were given out done with. With `ack = consume` others are given out
 * again, under the same names. */
int swell_consumer_done(swell_consumer *consumer);
void swell_consumer_close(swell_consumer *consumer);

#ifdef __cplusplus
}
#endif
#endif
