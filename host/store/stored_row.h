/* The cells of a live row as they are stored, copied, for those who write it again in part. */
#ifndef MUSTER_STORE_STORED_ROW_H
#define MUSTER_STORE_STORED_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/entity.h"

/* Texts that are put into cells later belong to whoever puts them there. */
struct stored_row {
	char *source_id;
	struct entity_cell *cells; /* in the model's order */
	char **texts;		   /* what the cells were read from */
	size_t count;
	char *custom; /* JSON object; NULL = none */
};

/* *is_live = false: there is no such live row. stored_row_fini is due in any case. */
bool stored_row_read(struct store_tx *tx, const struct model_entity *entity, int64_t id,
		     struct stored_row *out, bool *is_live, struct err *err);
void stored_row_fini(struct stored_row *row);

#endif
