/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c - tables that stand in the place of the node's: for a test, or for a world that is
 * there as long as an application wants.
 *
 * A test's view gets a twin of a table when the test first names it. Of a table that the
 * load in progress has made, the twin has the contents: its load script wrote them. One that
 * was published before looks empty, since packets may be writing it meanwhile.
 *
 * A standing view has a twin of every table before packets can meet it, with the contents
 * that the table has then. So a look-up on a worker finds, and makes nothing.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "table.h"

#define PAGE  64u
#define PAGES (TABLES_MAX / PAGE)

struct table_view {
    struct vvm_node *node;
    struct ledger *ledger; /* of a standing one */
    bool standing;
    struct table_view *next;     /* standing ones, of the node */
    struct table **pages[PAGES]; /* by the slot of the table that a twin stands for */
};

struct table_view *table_view_open(struct vvm_node *node)
{
    struct table_view *view = calloc(1, sizeof *view);
    if (view) view->node = node;
    return view;
}

static void leave_list(struct table_view *view)
{
    struct table_view **at = tables_views(view->node);
    while (*at != view) at = &(*at)->next;
    *at = view->next;
}

void table_view_close(struct table_view *view)
{
    if (!view) return;
    if (view->standing) leave_list(view);
    for (unsigned i = 0; i < PAGES; i++) {
        for (unsigned k = 0; view->pages[i] && k < PAGE; k++)
            if (view->pages[i][k]) table_twin_free(view->pages[i][k]);
        free(view->pages[i]);
    }
    free(view);
}

static struct table *twin_of(const struct table_view *view, const struct table *table)
{
    struct table **page = __atomic_load_n(&view->pages[table->slot / PAGE], __ATOMIC_ACQUIRE);
    return page ? __atomic_load_n(&page[table->slot % PAGE], __ATOMIC_ACQUIRE) : NULL;
}

static struct table *make_twin(struct table_view *view, const struct table *table, bool contents)
{
    struct table ***page = &view->pages[table->slot / PAGE];
    if (!*page) {
        struct table **fresh = calloc(PAGE, sizeof *fresh);
        if (!fresh) return NULL;
        __atomic_store_n(page, fresh, __ATOMIC_RELEASE);
    }
    struct table *twin = table_twin(view->node, table, contents);
    if (twin) twin->ledger = view->ledger;
    assert(!(*page)[table->slot % PAGE]);
    __atomic_store_n(&(*page)[table->slot % PAGE], twin, __ATOMIC_RELEASE);
    return twin;
}

struct table *table_in_view(struct table_view *view, const struct table *table)
{
    if (!table) return NULL;
    struct table *twin = twin_of(view, table);
    if (twin || (view->standing && table->published)) return twin;
    return make_twin(view, table, !table->published);
}

/* ---- standing views ------------------------------------------------------------------------ */

static int fill(struct table_view *view)
{
    for (const struct table *table = tables_first(view->node); table; table = table->next)
        if (!table->dropped && !twin_of(view, table) && !make_twin(view, table, true)) return -ENOMEM;
    return 0;
}

struct table_view *table_view_stand(struct vvm_node *node, struct ledger *ledger)
{
    struct table_view *view = table_view_open(node), **views = tables_views(node);
    if (!view || !views) goto fail;
    view->ledger = ledger;
    if (fill(view)) goto fail;
    view->standing = true;
    view->next = *views;
    return *views = view;
fail:
    table_view_close(view);
    return NULL;
}

int table_views_fill(struct vvm_node *node)
{
    int err = 0;
    struct table_view **views = node->tables ? tables_views(node) : NULL;
    for (struct table_view *view = views ? *views : NULL; view && !err; view = view->next) err = fill(view);
    return err;
}

void table_views_forget(struct vvm_node *node, const struct table *table)
{
    for (struct table_view *view = *tables_views(node); view; view = view->next) {
        struct table *twin = twin_of(view, table);
        if (!twin) continue;
        view->pages[table->slot / PAGE][table->slot % PAGE] = NULL;
        table_twin_free(twin);
    }
}
