/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - units of code: building, linking, verifying, images, disassembly.
 *
 *   compiler --> unit_builder --> unit (unverified) --> verify --> link --> runs
 *                                  ^       |
 *                       image_decode       image_encode
 */
#ifndef VVM_UNIT_H
#define VVM_UNIT_H

#include "machine.h"

/* ---- building ---- */

/* Memory of a unit's constants. */
struct constant_block {
    struct constant_block *next;
    size_t used, room;
    uint64_t data[];
};

struct unit_builder {
    struct vvm_node *node;
    struct vvm_vmlet *vmlet;
    struct vvm_unit *unit; /* grows; arrays are malloc'd and owned by the unit */
    uint32_t function_room, constant_room, link_room, primitive_room, script_room;
};
int unit_begin(struct unit_builder *b, struct vvm_node *node, struct vvm_vmlet *vmlet);
/** Reserve a function index (so that code can name it before it is filled). <0: -errno */
int64_t unit_add_function(struct unit_builder *b);
/** Index of an equal constant, added (and frozen, deeply copied off the control
 *  heap's mutable objects) if new. eqv for atoms, string and bytes by content. */
int64_t unit_add_constant(struct unit_builder *b, vvm_value v);
/** vmlet = VALUE_FALSE for own/core names; signature = 0 when only a value is used. */
int64_t unit_add_link(struct unit_builder *b, vvm_value vmlet, vvm_value name, uint32_t signature);
/** The same without looking for an equal one: for images, which are checked for those. */
int64_t unit_append_constant(struct unit_builder *b, vvm_value v);
int64_t unit_append_link(struct unit_builder *b, vvm_value vmlet, vvm_value name, uint32_t signature);
int64_t unit_add_primitive(struct unit_builder *b, const struct primitive_row *row);
int unit_add_script(struct unit_builder *b, uint32_t function);
/** Hand the unit over (not yet verified or linked). */
struct vvm_unit *unit_finish(struct unit_builder *b);
void unit_abandon(struct unit_builder *b);
void unit_free(struct vvm_unit *unit);
/** Resolve links against the VMlet's environment; undefined own names are made.
 *  -ENOENT with pending `import` when another VMlet's name is not visible. */
int unit_link(struct vvm_context *ctx, struct vvm_unit *unit);
/** What one name means to code of the VMlet: fills link->global. -errno, as unit_link. */
int unit_resolve(struct vvm_context *ctx, struct vvm_vmlet *vmlet, struct link *link);
/** Append the units of src (as compiled form by form) into one: for images. */
int unit_merge(struct unit_builder *b, const struct vvm_unit *src);

/* ---- verifier ---- */

/* Each rule has a number, a name and a test that fails when the rule is off. */
enum verify_rule {
#define R(name, symbol, text) RULE_##name,
#include "verify.def"
#undef R
    RULE_LIMIT
};
struct verify_error {
    enum verify_rule rule;
    uint32_t function, word;
    char text[256]; /* one line: unit, function, word, rule, what */
};
/** Verify a whole unit: linear time, capped input. On success every function has
 *  entry_cost, branch costs, own_effects and handlers set, and unit->verified.
 *  -EINVAL with *error filled. Touches nothing else. */
int verify_unit(struct vvm_unit *unit, struct verify_error *error);
/** For tests only: rules whose bit is set in the mask are not checked. */
int verify_unit_without(struct vvm_unit *unit, uint64_t disabled, struct verify_error *error);
const char *verify_rule_name(enum verify_rule r);

/* ---- images ---- */

#define IMAGE_MAX (4u << 20) /* octets */
/** Encode as a canonical image: little-endian, LEB128 numbers, sections in fixed
 *  order, tables sorted and without duplicates; malloc'd into *data. */
int image_encode(const struct vvm_unit *unit, uint8_t **data, size_t *length, bool debug_lines);
/** Decode into an unverified, unlinked unit. Any octet string is safe to pass;
 *  decode then encode gives the same octets or decode refuses (-EINVAL, text in
 *  `why`, room >= 128). The VMlet's name, version and header come out of it. */
int image_decode(struct vvm_node *node, const uint8_t *data, size_t length, struct vvm_unit **unit, char *why,
                 size_t room);

/* ---- disassembly ---- */

void disassemble_function(FILE *to, const struct vvm_node *node, const struct vvm_function *f);
void disassemble_unit(FILE *to, const struct vvm_node *node, const struct vvm_unit *unit);

#endif
