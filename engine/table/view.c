/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c - the tables that a test finds in the place of the node's.
 *
 * A table gets its twin when the test first names it. Of a table that the load in
 * progress has made, the twin has the contents: its load script wrote them. One that was
 * published before looks empty, since packets may be writing it meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include "table.h"

struct twin {
    const struct table *of;
    struct table *table;
};

struct table_view {
    struct vvm_node *node;
    struct twin *twins;
    unsigned count, room;
};

struct table_view *table_view_open(struct vvm_node *node)
{
    struct table_view *view = calloc(1, sizeof *view);
    if (view) view->node = node;
    return view;
}

void table_view_close(struct table_view *view)
{
    if (!view) return;
    while (view->count) table_twin_free(view->twins[--view->count].table);
    free(view->twins);
    free(view);
}

static bool make_room(struct table_view *view)
{
    if (view->count < view->room) return true;
    unsigned room = view->room ? 2 * view->room : 8;
    struct twin *twins = realloc(view->twins, room * sizeof *twins);
    if (!twins) return false;
    view->twins = twins;
    view->room = room;
    return true;
}

/* The place of the table's twin; count: it has none yet. The one last asked for stands first. */
static unsigned place_of(const struct table_view *view, const struct table *table)
{
    unsigned i = 0;
    while (i < view->count && view->twins[i].of != table) i++;
    return i;
}

struct table *table_in_view(struct table_view *view, const struct table *table)
{
    if (!table) return NULL;
    unsigned i = place_of(view, table);
    if (i == view->count) {
        if (!make_room(view)) return NULL;
        struct table *twin = table_twin(view->node, table);
        if (!twin) return NULL;
        view->twins[view->count++] = (struct twin){table, twin};
    }
    struct twin found = view->twins[i];
    view->twins[i] = view->twins[0];
    view->twins[0] = found;
    return found.table;
}
