/* SPDX-License-Identifier: Apache-2.0 */
/* command_show.c - the verbs that show what the router is made of: ports and VMlets. */
#include <errno.h>
#include <string.h>

#include "capture.h"
#include "control_parts.h"
#include "engine/environment.h"
#include "engine/generation.h"
#include "engine/layer.h"
#include "engine/load.h"
#include "engine/wire/state.h"

enum { CLAUSE_OCTETS = 200 };

/* ---- ports ---- */

struct port_view {
    uint32_t mtu;
    bool up;
    struct port_stats stats;
};

struct port_views {
    struct router *router;
    struct port_view views[ROUTER_PORTS];
};

/* A port answers only the worker that it belongs to, or while that stands still. */
static void look_at_ports(void *data)
{
    struct port_views *all = data;
    unsigned i;

    for (i = 0; i < all->router->port_count; i++) {
        struct port *port = &all->router->ports[i];

        all->views[i].mtu = port->ops->mtu(port);
        all->views[i].up = port->ops->link_up(port);
        port->ops->stats(port, &all->views[i].stats);
    }
}

static json_t *port_row(const struct port *port, const struct port_view *view)
{
    static const char *const links[] = {[PORT_ETHERNET] = "ethernet", [PORT_DATAGRAM] = "datagram"};

    return json_pack("{s:o, s:i, s:s, s:s, s:s, s:I, s:I, s:I}", "name",
                     json_text(port->name, strlen(port->name)), "device", (int)port->device, "kind",
                     port->ops->kind, "link", links[port->link], "state", view->up ? "up" : "down", "mtu",
                     (json_int_t)view->mtu, "received", (json_int_t)view->stats.rx_frames, "sent",
                     (json_int_t)view->stats.tx_frames);
}

json_t *port_rows(const struct control *control)
{
    struct port_views all = {.router = control->router};
    json_t *rows = json_array();
    unsigned i;

    if (control->runtime) runtime_boundary(control->runtime, look_at_ports, &all);
    else look_at_ports(&all);
    for (i = 0; i < control->router->port_count; i++)
        json_array_append_new(rows, port_row(&control->router->ports[i], &all.views[i]));
    return rows;
}

int command_ports(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    (void)arguments, (void)why, (void)room;
    *data = port_rows(control);
    return *data ? 0 : -ENOMEM;
}

/* ---- VMlets ---- */

static json_t *symbol_text(vvm_value symbol)
{
    return json_text(symbol_name(symbol), (size_t)object_length(symbol));
}

static json_t *value_text(struct vvm_node *node, vvm_value v)
{
    struct capture text;
    json_t *string;

    if (capture_open(&text, 2 * CLAUSE_OCTETS)) return NULL;
    print_value(node, text.stream, v, PRINT_WRITE, CLAUSE_OCTETS);
    capture_end(&text);
    string = json_text(text.text, text.length);
    capture_close(&text);
    return string;
}

static json_t *claim_text(const struct match_clause *clause)
{
    static const char *const kinds[] = {
        [MATCH_ETHERNET] = "ethernet", [MATCH_IP] = "ip", [MATCH_UDP] = "udp"};

    if (clause->kind == MATCH_NETWORK)
        return json_sprintf("%s %u", symbol_name(clause->parent), (unsigned)clause->key);
    if (clause->kind == MATCH_ETHERNET)
        return json_sprintf("%s 0x%04x", kinds[clause->kind], (unsigned)clause->key);
    return json_sprintf("%s %u", kinds[clause->kind], (unsigned)clause->key);
}

static json_t *network_row(const struct network *network)
{
    json_t *claims = json_array();
    unsigned i;

    for (i = 0; i < network->match_count; i++)
        json_array_append_new(claims, claim_text(&network->matches[i]));
    return json_pack("{s:o, s:o}", "name", symbol_text(network->name), "claims", claims);
}

/* The networks of the running generation that are this VMlet's. */
static json_t *networks_of(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    const struct vvm_generation *g = node->current;
    json_t *rows = json_array();
    uint32_t i;

    for (i = 0; i < g->network_count; i++)
        if (g->networks[i]->item.owner == vmlet && network_in_force(g, g->networks[i]) == g->networks[i])
            json_array_append_new(rows, network_row(g->networks[i]));
    return rows;
}

/* What the header's (needs ...) clauses ask for. */
static json_t *needs_of(struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    json_t *needs = json_array();
    vvm_value clauses = vmlet->header, need;

    for (; is_pair(clauses); clauses = cdr_of(clauses)) {
        vvm_value clause = car_of(clauses);

        if (!is_pair(clause) || !is_symbol(car_of(clause))) continue;
        if (strcmp(symbol_name(car_of(clause)), "needs") != 0) continue;
        for (need = cdr_of(clause); is_pair(need); need = cdr_of(need))
            json_array_append_new(needs, value_text(node, car_of(need)));
    }
    return needs;
}

struct own_names {
    const struct vvm_vmlet *vmlet;
    unsigned count;
};

static void count_own(void *data, vvm_value symbol, const struct denotation *d)
{
    struct own_names *own = data;

    (void)symbol;
    if (d->kind == DENOTES_GLOBAL && d->owner == own->vmlet) own->count++;
}

static const char *file_of(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    const struct vvm_unit *unit;
    uint32_t i;

    for (unit = vmlet->units; unit; unit = unit->next)
        for (i = 0; i < unit->function_count; i++) {
            unsigned file = position_file(unit->functions[i].position);

            if (file) return node_file_name(node, file);
        }
    return "";
}

/* Who could not stay if it went. */
static json_t *dependents_of(struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    json_t *names = json_array();
    const struct vvm_vmlet *v;

    for (v = node->vmlets; v; v = v->next)
        if (vmlet_depends(&node->control, v, vmlet)) json_array_append_new(names, symbol_text(v->name));
    return names;
}

static bool has_layer(const struct vvm_node *node, uint32_t global, const struct vvm_vmlet *vmlet)
{
    uint32_t count = 0, i;
    const struct layer *layers = layers_of(node, global, &count);

    for (i = 0; i < count; i++)
        if (layers[i].owner == vmlet) return true;
    return false;
}

/* Names of others over which it has put layers. */
static json_t *layers_over(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    json_t *over = json_array();
    uint32_t g;

    for (g = 0; g < globals_limit(node); g++) {
        const struct vvm_vmlet *owner = global_owner(node, g);

        if (!owner || owner == vmlet || !is_symbol(global_name(node, g)) || !has_layer(node, g, vmlet))
            continue;
        json_array_append_new(
            over, json_sprintf("%s %s", symbol_name(owner->name), symbol_name(global_name(node, g))));
    }
    return over;
}

/* place: among the layers, 0 the lowest. */
static json_t *vmlet_row(struct vvm_node *node, const struct vvm_vmlet *vmlet, int place)
{
    struct own_names own = {.vmlet = vmlet};
    const char *file = file_of(node, vmlet);

    environment_each(vmlet->environment, count_own, &own);
    return json_pack("{s:o, s:I, s:o, s:i, s:o, s:i, s:o, s:o, s:o}", "name", symbol_text(vmlet->name),
                     "version", (json_int_t)vmlet->version, "networks", networks_of(node, vmlet), "names",
                     (int)own.count, "needs", needs_of(node, vmlet), "place", place, "over",
                     layers_over(node, vmlet), "dependents", dependents_of(node, vmlet), "file",
                     json_text(file, strlen(file)));
}

int command_vmlets(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    struct vvm_node *node = control->router->node;
    const struct vvm_vmlet *v;
    int place = -1;

    (void)arguments, (void)why, (void)room;
    for (v = node->vmlets; v && v->next; v = v->next) place++; /* the last is core */
    *data = json_array();
    for (v = node->vmlets; v && v->next; v = v->next)
        if (json_array_insert_new(*data, 0, vmlet_row(node, v, place--))) return -ENOMEM;
    return 0;
}
