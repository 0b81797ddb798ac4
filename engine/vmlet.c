/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmlet.c - VMlet objects, their headers and their imports.
 *
 * A VMlet starts with nothing but core and its imports:
 *
 *   (vmlet NAME (version N) (import (VMLET name ...) ...) (use-syntax VMLET ...) (needs ...) ...)
 *
 * (import (route next-hop)) makes the name visible; (import (route)) demands that the
 * VMlet is there, and brings its readers. (use-syntax diagram) brings the macros and readers
 * that diagram itself defines and demands nothing once the source is compiled. Two VMlets
 * that are asked for the same name are an error; what the VMlet itself defines stands above
 * what it asked for, and that above what is everybody's (expand_global.c).
 */
#include "vmlet.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority.h"
#include "environment.h"
#include "expand.h"

struct vvm_vmlet *vmlet_new(struct vvm_node *node, vvm_value name)
{
    struct vvm_vmlet *vmlet = calloc(1, sizeof *vmlet);
    if (!vmlet) return NULL;
    vmlet->name = name;
    vmlet->header = VALUE_NULL;
    vmlet->version = 1;
    vmlet->environment = environment_open(node, vmlet, node->core);
    if (!vmlet->environment) {
        free(vmlet);
        return NULL;
    }
    return vmlet;
}

void vmlet_free(struct vvm_vmlet *vmlet)
{
    if (!vmlet) return;
    while (vmlet->units) {
        struct vvm_unit *unit = vmlet->units;
        vmlet->units = unit->next;
        unit_free(unit);
    }
    authority_drop(vmlet);
    environment_close(vmlet->environment);
    free(vmlet);
}

struct vvm_vmlet *vmlet_named(const struct vvm_node *node, vvm_value name)
{
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        if (v->name == name) return v;
    return NULL;
}

/* ---- the header --------------------------------------------------------------- */

static vvm_value header_error(struct vvm_context *ctx, vvm_value at, const char *what)
{
    uint64_t p = is_pair(at) ? pair_position(at) : 0;
    return raise_message(ctx, ERROR_SYNTAX, VALUE_DEFAULT, "%s:%u:%u: vmlet: %s",
                         node_file_name(ctx->node, position_file(p)), position_line(p), position_column(p),
                         what);
}

bool vmlet_form(struct vvm_context *ctx, vvm_value datum)
{
    return is_pair(datum) && car_of(datum) == intern(ctx->node, "vmlet");
}

/* Length of a proper list, or -1; bounded, so that nothing circular holds us. */
static int list_length(vvm_value v)
{
    int n = 0;
    for (; is_pair(v) && n < 10000; v = cdr_of(v)) n++;
    return is_null(v) ? n : -1;
}

int vmlet_header(struct vvm_context *ctx, vvm_value datum, vvm_value *name, int64_t *version,
                 vvm_value *clauses)
{
    if (list_length(datum) < 2 || !is_symbol(car_of(cdr_of(datum)))) {
        header_error(ctx, datum, "needs a name: (vmlet NAME clause ...)");
        return -EINVAL;
    }
    *name = car_of(cdr_of(datum));
    *clauses = cdr_of(cdr_of(datum));
    *version = 1;
    vvm_value version_symbol = intern(ctx->node, "version");
    for (vvm_value c = *clauses; is_pair(c); c = cdr_of(c)) {
        vvm_value clause = car_of(c);
        if (list_length(clause) < 1 || !is_symbol(car_of(clause))) {
            header_error(ctx, c, "a clause is a list that begins with its name");
            return -EINVAL;
        }
        if (car_of(clause) != version_symbol) continue;
        if (list_length(clause) != 2 || !is_fixnum(car_of(cdr_of(clause))) ||
            fixnum_value(car_of(cdr_of(clause))) < 1) {
            header_error(ctx, clause, "(version N) needs a positive integer");
            return -EINVAL;
        }
        *version = fixnum_value(car_of(cdr_of(clause)));
    }
    return 0;
}

/* ---- finding what is imported --------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* "DIR/NAME.vml" or "DIR/NAME.vmi" if there is such a file. */
static bool try_folder(char *out, size_t room, const char *folder, size_t length, const char *name)
{
    static const char *const endings[] = {"vml", "vmi"};
    for (unsigned i = 0; i < 2; i++) {
        int n = snprintf(out, room, "%.*s/%s.%s", (int)length, folder, name, endings[i]);
        if (n > 0 && (size_t)n < room && is_file(out)) return true;
    }
    return false;
}

static bool find_vmlet(const struct vvm_node *node, const char *file, const char *name, char *out,
                       size_t room)
{
    if (strchr(name, '/')) return false;
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (slash ? try_folder(out, room, file, (size_t)(slash - file), name)
              : try_folder(out, room, ".", 1, name))
        return true;
    for (const char *at = node->options.path; at && *at;) {
        size_t n = strcspn(at, ":");
        if (n && try_folder(out, room, at, n, name)) return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static int import_vmlet(struct vvm_context *ctx, vvm_value name, const char *file, struct vvm_vmlet **found)
{
    char path[PATH_MAX];
    *found = vmlet_named(ctx->node, name);
    if (*found) return 0;
    if (!find_vmlet(ctx->node, file, symbol_name(name), path, sizeof path)) {
        raise_message(
            ctx, ERROR_IMPORT, name,
            "%s: no VMlet `%s` is loaded, and no %s.vml or %s.vmi beside it or in the folders of --path",
            file ? file : "import", symbol_name(name), symbol_name(name), symbol_name(name));
        return -EINVAL;
    }
    return load_file(ctx, path, found) ? -EINVAL : 0;
}

static int import_names(struct vvm_context *ctx, struct vvm_vmlet *vmlet, struct vvm_vmlet *from,
                        vvm_value names)
{
    for (; is_pair(names); names = cdr_of(names)) {
        vvm_value n = car_of(names);
        int err = is_symbol(n) ? environment_import(vmlet->environment, from->environment, n, n) : -ENOENT;
        if (!err) continue;
        raise_message(ctx, ERROR_IMPORT, n, "VMlet `%s` does not define what `%s` imports from it",
                      symbol_name(from->name), symbol_name(vmlet->name));
        return -EINVAL;
    }
    return 0;
}

/* What two VMlets call the same is an error where somebody asks both for it; what he himself
 * defines later in its place is his own affair. */
static int import_one_syntax(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct vvm_vmlet *from,
                             const struct environment_entry *e)
{
    const struct denotation *there = environment_entry(vmlet->environment, e->name);
    if (!there) return -ENOMEM;
    if (there->kind == DENOTES_NOTHING || there->owner == from)
        return environment_import(vmlet->environment, from->environment, e->name, e->name) ? -ENOMEM : 0;
    raise_message(ctx, ERROR_IMPORT, e->name,
                  "VMlet `%s` asks `%s` for syntax and has that name from `%s`: import by name what is meant",
                  symbol_name(vmlet->name), symbol_name(from->name),
                  there->owner ? symbol_name(there->owner->name) : "?");
    return -EINVAL;
}

/* The readers that the VMlet itself defines, and its macros if they are wanted: how many, or -errno;
 * -EINVAL with pending. */
static int import_syntax(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct vvm_vmlet *from,
                         bool macros)
{
    int count = 0;
    const struct vvm_environment *names = from->environment;
    for (uint32_t i = 0; i < names->bucket_count; i++)
        for (const struct environment_entry *e = names->buckets[i]; e; e = e->next) {
            if (e->denotation.kind != DENOTES_MACRO || e->denotation.owner != from) continue;
            if (!macros && macro_kind(e->denotation.macro) != MACRO_READER) continue;
            int err = import_one_syntax(ctx, vmlet, from, e);
            if (err) return err;
            count++;
        }
    return count;
}

/* One (import (V name ...) ...) clause. */
static int import_clause(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value clause, const char *file)
{
    for (vvm_value c = cdr_of(clause); is_pair(c); c = cdr_of(c)) {
        vvm_value one = car_of(c);
        struct vvm_vmlet *from;
        if (list_length(one) < 1 || !is_symbol(car_of(one))) {
            header_error(ctx, c, "import: needs (VMLET name ...)");
            return -EINVAL;
        }
        int err = import_vmlet(ctx, car_of(one), file, &from);
        if (!err) err = import_names(ctx, vmlet, from, cdr_of(one));
        int count = !err && is_null(cdr_of(one)) ? import_syntax(ctx, vmlet, from, false) : 0;
        if (count < 0) err = count;
        if (err) return err;
    }
    return 0;
}

/* One (use-syntax V ...) clause. */
static int syntax_clause(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value clause, const char *file)
{
    for (vvm_value c = cdr_of(clause); is_pair(c); c = cdr_of(c)) {
        struct vvm_vmlet *from;
        if (!is_symbol(car_of(c))) {
            header_error(ctx, c, "use-syntax: needs names of VMlets");
            return -EINVAL;
        }
        int err = import_vmlet(ctx, car_of(c), file, &from);
        int count = err ? 0 : import_syntax(ctx, vmlet, from, true);
        if (!err && !count) {
            raise_message(ctx, ERROR_IMPORT, car_of(c),
                          "VMlet `%s` has no syntax: macros and readers are in sources, not in images",
                          symbol_name(car_of(c)));
            return -EINVAL;
        }
        if (err || count < 0) return err ? err : count;
    }
    return 0;
}

/* ---- clauses of a header ----------------------------------------------------------- */

typedef int clause_function(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value clause,
                            const char *file);

static int for_clauses(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const char *name,
                       clause_function *function, const char *file)
{
    vvm_value symbol = intern(ctx->node, name);
    for (vvm_value c = vmlet->header; is_pair(c); c = cdr_of(c)) {
        if (car_of(car_of(c)) != symbol) continue;
        int err = function(ctx, vmlet, car_of(c), file);
        if (err) return err;
    }
    return 0;
}

int vmlet_imports(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const char *file)
{
    return for_clauses(ctx, vmlet, "import", import_clause, file);
}

int vmlet_syntax(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const char *file)
{
    return for_clauses(ctx, vmlet, "use-syntax", syntax_clause, file);
}

/* ---- what an image links to --------------------------------------------------------- */

static void mark_named(const struct vvm_node *node, vvm_value name)
{
    struct vvm_vmlet *v = is_symbol(name) ? vmlet_named(node, name) : NULL;
    if (v) v->named = true;
}

/* Those that the header of v names. */
static void mark_imports(struct vvm_context *ctx, const struct vvm_vmlet *v)
{
    vvm_value import = intern(ctx->node, "import"), syntax = intern(ctx->node, "use-syntax");
    for (vvm_value c = v->header; is_pair(c); c = cdr_of(c)) {
        vvm_value kind = is_pair(car_of(c)) ? car_of(car_of(c)) : VALUE_FALSE;
        if (kind != import && kind != syntax) continue;
        for (vvm_value one = cdr_of(car_of(c)); is_pair(one); one = cdr_of(one))
            mark_named(ctx->node, is_pair(car_of(one)) ? car_of(car_of(one)) : car_of(one));
    }
}

static bool is_named(const struct vvm_node *node, const struct vvm_unit *unit, const struct link *l)
{
    if (!is_symbol(l->vmlet) || l->vmlet == unit->vmlet->name) return true;
    const struct vvm_vmlet *v = vmlet_named(node, l->vmlet);
    return !v || v->named || v->environment == node->core; /* one that is not there is refused by name */
}

int vmlet_check_links(struct vvm_context *ctx, const struct vvm_unit *unit)
{
    struct vvm_node *node = ctx->node;
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) v->named = false;
    mark_imports(ctx, unit->vmlet);
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) /* what it imports stands behind it */
        if (v->named) mark_imports(ctx, v);
    for (uint32_t i = 0; i < unit->link_count; i++) {
        const struct link *l = &unit->links[i];
        if (is_named(node, unit, l)) continue;
        raise_message(ctx, ERROR_IMPORT, l->vmlet,
                      "the image of `%s` uses `%.100s` of `%s`, which its header does not import",
                      symbol_name(unit->vmlet->name), is_symbol(l->name) ? symbol_name(l->name) : "?",
                      symbol_name(l->vmlet));
        return -EPERM;
    }
    return 0;
}

/* ---- files ------------------------------------------------------------------------ */

int file_read(const char *path, size_t cap, char **data, size_t *octets)
{
    FILE *f = fopen(path, "rb");
    struct stat s;
    char *text = NULL;
    int err = 0;
    if (!f) return -errno;
    if (fstat(fileno(f), &s) || !S_ISREG(s.st_mode)) err = -EINVAL;
    else if ((uint64_t)s.st_size > cap) err = -EFBIG;
    else if (!(text = malloc((size_t)s.st_size + 1))) err = -ENOMEM;
    if (!err) {
        *octets = fread(text, 1, (size_t)s.st_size, f);
        text[*octets] = 0;
        if (ferror(f)) err = -EIO;
    }
    fclose(f);
    if (err) free(text);
    else *data = text;
    return err;
}
