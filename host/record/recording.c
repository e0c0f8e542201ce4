/* Writing and reading the file of a recording: the only place with zstd.h. */
#define _GNU_SOURCE
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "record/recording_frame.h"

/* The fastest level, with a table that fits the first cache and matches worth their cost: on pages
 * of vendors' listings a quarter faster than the level as it comes, and as small. */
enum { ZSTD_LEVEL = 1, ZSTD_HASH_LOG = 12, ZSTD_MIN_MATCH = 7 };

struct recording {
	int fd;
	char *path;
	struct recording_seal seal;
	ZSTD_CCtx *zstd;
	struct buf packed, compressed, frame; /* kept from one exchange to the next */
	int64_t count, bytes;
	bool is_broken; /* a write failed: its place, and so its nonce, may be on the disk */
};

const char *recording_file_name(int64_t session_id, char out[RECORDING_NAME_SIZE])
{
	snprintf(out, RECORDING_NAME_SIZE, "%lld.rec", (long long)session_id);
	return out;
}

static bool fail_zstd(size_t code, enum err_kind kind, struct err *err)
{
	return err_set(err, kind, "zstd: %s", ZSTD_getErrorName(code));
}

/* --- writing --- */

/* All or nothing: after a failure the file ends where it ended before, for good. */
static bool write_whole(struct recording *recording, const void *data, size_t len, struct err *err)
{
	size_t done = 0;
	int errnum;

	while (done < len) {
		ssize_t put = pwrite(recording->fd, (const char *)data + done, len - done,
				     (off_t)recording->bytes + (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		done += (size_t)put;
	}
	if (done == len) {
		recording->bytes += (int64_t)len;
		return true;
	}
	errnum = errno;
	recording->is_broken = true;
	if (ftruncate(recording->fd, (off_t)recording->bytes) != 0)
		errnum = errno;
	return file_fail_write(recording->path, errnum, err);
}

static bool open_file(struct recording *recording, const char *dir, struct err *err)
{
	char name[RECORDING_NAME_SIZE];

	recording_file_name(recording->seal.session_id, name);
	if (asprintf(&recording->path, "%s/%s", dir, name) < 0) {
		recording->path = NULL;
		return err_oom(err);
	}
	unlink(recording->path);
	recording->fd = open(recording->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (recording->fd >= 0)
		return true;
	return file_fail_write(recording->path, errno, err);
}

static bool start_zstd(struct recording *recording, struct err *err)
{
	static const struct {
		ZSTD_cParameter name;
		int value;
	} wanted[] = {
		{ ZSTD_c_compressionLevel, ZSTD_LEVEL },
		{ ZSTD_c_hashLog, ZSTD_HASH_LOG },
		{ ZSTD_c_minMatch, ZSTD_MIN_MATCH },
	};

	recording->zstd = ZSTD_createCCtx();
	if (recording->zstd == NULL)
		return err_oom(err);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t code =
			ZSTD_CCtx_setParameter(recording->zstd, wanted[i].name, wanted[i].value);

		if (ZSTD_isError(code))
			return fail_zstd(code, ERR_BUG, err);
	}
	return true;
}

static bool start(struct recording *recording, const char *dir, int64_t session_id,
		  const uint8_t key[32], struct err *err)
{
	uint8_t head[RECORDING_HEAD_SIZE];

	if (!start_zstd(recording, err))
		return false;
	return recording_seal_new(&recording->seal, session_id, key, head, err) &&
	       open_file(recording, dir, err) && write_whole(recording, head, sizeof(head), err);
}

bool recording_start(struct recording **out, const char *dir, int64_t session_id,
		     const uint8_t key[32], struct err *err)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	if (recording == NULL)
		return err_oom(err);
	recording->fd = -1;
	if (!start(recording, dir, session_id, key, err)) {
		recording_abandon(recording);
		return false;
	}
	*out = recording;
	return true;
}

static bool compress(struct recording *recording, struct err *err)
{
	size_t bound = ZSTD_compressBound(recording->packed.len), len;
	void *room;

	buf_clear(&recording->compressed);
	room = buf_room(&recording->compressed, bound);
	if (room == NULL)
		return buf_ok(&recording->compressed, err);
	len = ZSTD_compress2(recording->zstd, room, bound, recording->packed.data,
			     recording->packed.len);
	if (ZSTD_isError(len))
		return fail_zstd(len, ERR_BUG, err);
	buf_grown(&recording->compressed, len);
	return true;
}

static bool require_sound(const struct recording *recording, struct err *err)
{
	return !recording->is_broken ||
	       err_set(err, ERR_STORE, "%s: nothing is written any more after a write that failed",
		       recording->path);
}

bool recording_append(struct recording *recording, const struct recording_exchange *exchange,
		      struct err *err)
{
	if (!require_sound(recording, err) || !recording_pack(exchange, &recording->packed, err) ||
	    !compress(recording, err) ||
	    !recording_seal_frame(&recording->seal, recording->count, exchange->number,
				  &recording->compressed, &recording->frame, err) ||
	    !write_whole(recording, recording->frame.data, recording->frame.len, err))
		return false;
	recording->count++;
	return true;
}

int64_t recording_count(const struct recording *recording)
{
	return recording->count;
}

int64_t recording_bytes(const struct recording *recording)
{
	return recording->bytes;
}

bool recording_finish(struct recording *recording, struct err *err)
{
	bool ok;

	buf_clear(&recording->packed);
	buf_printf(&recording->packed, "%lld", (long long)recording->count);
	ok = require_sound(recording, err) && buf_ok(&recording->packed, err) &&
	     recording_seal_frame(&recording->seal, recording->count, RECORDING_END,
				  &recording->packed, &recording->frame, err) &&
	     write_whole(recording, recording->frame.data, recording->frame.len, err);
	if (ok && fdatasync(recording->fd) != 0)
		ok = file_fail_write(recording->path, errno, err);
	recording_abandon(recording);
	return ok;
}

void recording_abandon(struct recording *recording)
{
	if (recording == NULL)
		return;
	if (recording->fd >= 0)
		close(recording->fd);
	recording_seal_fini(&recording->seal);
	ZSTD_freeCCtx(recording->zstd);
	buf_fini(&recording->packed);
	buf_fini(&recording->compressed);
	buf_fini(&recording->frame);
	free(recording->path);
	free(recording);
}

/* --- reading --- */

struct source {
	FILE *file;
	struct recording_seal seal;
	struct buf sealed, packed;
	int64_t position;
	int64_t number;
	enum { AT_FRAME, AT_CUT, AT_END } at;
};

/* ZSTD_decompress learns the size from the frame, which is authentic by now. */
static bool decompress(const struct buf *from, struct buf *to, struct err *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(from->data, from->len);
	size_t len;
	void *room;

	if (size > RECORDING_EXCHANGE_MAX)
		return err_set(err, ERR_STORE, "an exchange is larger than %d bytes",
			       RECORDING_EXCHANGE_MAX);
	buf_clear(to);
	room = buf_room(to, (size_t)size);
	if (room == NULL)
		return buf_ok(to, err);
	len = ZSTD_decompress(room, (size_t)size, from->data, from->len);
	if (ZSTD_isError(len))
		return fail_zstd(len, ERR_STORE, err);
	buf_grown(to, len);
	return true;
}

/* Fewer bytes than wanted: the file is cut here. */
static bool read_whole(struct source *source, void *out, size_t len, struct err *err)
{
	if (fread(out, 1, len, source->file) == len)
		return true;
	if (ferror(source->file))
		return err_set_errno(err, ERR_STORE, errno, "cannot read");
	source->at = AT_CUT;
	return true;
}

static bool read_sealed(struct source *source, size_t len, struct err *err)
{
	void *room;

	if (len > ZSTD_COMPRESSBOUND((size_t)RECORDING_EXCHANGE_MAX) + 64)
		return err_set(err, ERR_STORE, "a frame of %zu bytes", len);
	buf_clear(&source->sealed);
	room = buf_room(&source->sealed, len);
	if (room == NULL)
		return buf_ok(&source->sealed, err);
	if (!read_whole(source, room, len, err))
		return false;
	if (source->at != AT_CUT)
		buf_grown(&source->sealed, len);
	return true;
}

/* The next frame, opened, into source->sealed; source->at says what was there. */
static bool next_frame(struct source *source, struct err *err)
{
	uint8_t head[RECORDING_FRAME_HEAD_SIZE];
	size_t len;

	if (!read_whole(source, head, sizeof(head), err) || source->at == AT_CUT)
		return source->at == AT_CUT;
	if (!recording_read_frame_head(head, &source->number, &len, err) ||
	    !read_sealed(source, len, err) || source->at == AT_CUT)
		return source->at == AT_CUT;
	if (!recording_open_frame(&source->seal, source->position, source->number, &source->sealed,
				  err))
		return false;
	source->position++;
	if (source->number != RECORDING_END)
		return true;
	source->at = AT_END;
	return fgetc(source->file) == EOF || err_set(err, ERR_STORE, "bytes after its end");
}

static bool each_frame(struct source *source, recording_each_fn *each, void *arg, struct err *err)
{
	struct recording_exchange exchange;

	for (;;) {
		if (!next_frame(source, err)) {
			return err_context(err, "frame %lld", (long long)source->position);
		}
		if (source->at != AT_FRAME)
			return true;
		if (!decompress(&source->sealed, &source->packed, err) ||
		    !recording_unpack(&source->packed, &exchange, err))
			return err_context(err, "exchange %lld", (long long)source->number);
		exchange.number = source->number;
		if (!each(arg, &exchange, err))
			return false;
	}
}

static bool each_exchange(struct source *source, const uint8_t key[32], recording_each_fn *each,
			  void *arg, struct err *err)
{
	uint8_t head[RECORDING_HEAD_SIZE];
	bool ok;

	if (!read_whole(source, head, sizeof(head), err))
		return false;
	if (source->at == AT_CUT)
		return err_set(err, ERR_STORE, "not a recording of muster");
	if (!recording_seal_read(&source->seal, key, head, err))
		return false;
	ok = each_frame(source, each, arg, err);
	recording_seal_fini(&source->seal);
	return ok;
}

bool recording_each(const char *path, const uint8_t key[32], recording_each_fn *each, void *arg,
		    struct err *err)
{
	struct source source = { .file = fopen(path, "re") };
	bool ok;

	if (source.file == NULL)
		return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_STORE, errno,
				     "cannot open %s", path);
	ok = each_exchange(&source, key, each, arg, err);
	fclose(source.file);
	buf_fini(&source.sealed);
	buf_fini(&source.packed);
	return ok || err_context(err, "%s", path);
}

/* --- redaction --- */

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_secret_header(const char *name, const char *const *more, size_t more_count)
{
	static const char *const known[] = { "authorization", "proxy-authorization",
					     "cookie",	      "set-cookie",
					     "x-api-key",     "aw-tenant-code" };

	return is_among(name, known, sizeof(known) / sizeof(known[0])) ||
	       is_among(name, more, more_count);
}

void recording_redact_headers(const struct net_header *headers, size_t count,
			      const char *const *secret_names, size_t secret_count,
			      const struct redact *redact, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = headers[i].value;
		size_t start;

		if (is_secret_header(headers[i].name, secret_names, secret_count))
			value = "<redacted>";
		buf_printf(out, "%s: ", headers[i].name);
		start = out->len;
		if (redact != NULL)
			redact_copy(redact, value, strlen(value), out);
		else
			buf_str(out, value);
		for (size_t at = start; at < out->len; at++) {
			if (out->data[at] == '\r' || out->data[at] == '\n')
				out->data[at] = ' ';
		}
		buf_str(out, "\r\n");
	}
}

const char *recording_library(void)
{
	return ZSTD_versionString();
}
