/* SPDX-License-Identifier: Apache-2.0 */
/* link_oracle.c - see link_oracle.h. */
#include "link_oracle.h"

#include <assert.h>

static uint64_t draw(struct link_oracle *o, uint64_t limit)
{
    uint64_t z = o->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (uint64_t)(((unsigned __int128)z * limit) >> 64);
}

void link_oracle_open(struct link_oracle *o, const struct impairment *how, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 1099511628211u;
    o->how = *how;
    o->random = how->seed ^ hash;
    o->free_at = o->last_due = o->order = o->lost = o->overflown = o->duplicated = o->reordered = 0;
    o->count = o->left_count = 0;
    if (!o->how.queue) o->how.queue = 1000;
}

/* Which of the list is the next; the list must not be empty. */
static unsigned next(const struct link_oracle *o)
{
    unsigned best = 0;
    for (unsigned i = 1; i < o->count; i++) {
        const struct under_way *a = &o->list[i], *b = &o->list[best];
        if (a->due != b->due                 ? a->due < b->due
            : a->overtaking != b->overtaking ? b->overtaking
                                             : a->order < b->order)
            best = i;
    }
    return best;
}

void link_oracle_advance(struct link_oracle *o, uint64_t now)
{
    while (o->count) {
        unsigned i = next(o);
        if (o->list[i].due > now) return;
        assert(o->left_count < LINK_ORACLE_ROOM);
        o->left[o->left_count].id = o->list[i].id;
        o->left[o->left_count++].due = o->list[i].due;
        o->list[i] = o->list[--o->count];
    }
}

/* Is an ordinary packet under way that will arrive later than this? */
static bool overtakes(const struct link_oracle *o, uint64_t due)
{
    for (unsigned i = 0; i < o->count; i++)
        if (!o->list[i].overtaking && o->list[i].due > due) return true;
    return false;
}

static void put(struct link_oracle *o, uint32_t id, uint32_t octets, uint64_t now, bool overtake,
                uint64_t delay)
{
    uint64_t sent = o->free_at > now ? o->free_at : now;
    if (o->how.rate) sent += octets * 8000000000u / o->how.rate;
    uint64_t due = overtake ? sent : sent + delay;
    if (!overtake && due < o->last_due) due = o->last_due;
    if (due > now && o->count >= o->how.queue) {
        o->overflown++;
        return;
    }
    if (overtake && overtakes(o, due)) o->reordered++;
    o->free_at = sent;
    if (!overtake) o->last_due = due;
    o->list[o->count++] = (struct under_way){due, overtake, o->order++, id};
    link_oracle_advance(o, now);
}

void link_oracle_send(struct link_oracle *o, uint32_t id, uint32_t octets, uint64_t now)
{
    bool lose = draw(o, 1000000) < o->how.loss, twice = draw(o, 1000000) < o->how.duplicate;
    bool overtake[2];
    uint64_t delay[2];
    for (unsigned i = 0; i < 2; i++) {
        overtake[i] = draw(o, 1000000) < o->how.reorder;
        delay[i] = o->how.delay - o->how.jitter + draw(o, 2 * o->how.jitter + 1);
    }
    link_oracle_advance(o, now);
    o->lost += lose;
    if (lose) return;
    o->duplicated += twice;
    put(o, id, octets, now, overtake[0], delay[0]);
    if (twice) put(o, id, octets, now, overtake[1], delay[1]);
}
